"""Kinds of lines: from detected boxes and DBNet's features to printed, handwritten or signature.

No detection, no recognition, and nothing that reads text.
"""
