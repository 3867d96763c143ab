"""Ground truth on disk: one module for each format, and the registry in the order they are tried.

A format returns items. It computes no score and opens no picture.
"""
