"""Readers of whole pages, put together from detection, kinds and recognition, and the registry of them.

Pixels in, lines out. Documents, text layers and records are the pipeline's.
"""
