"""Boxes and polygons in, order and groups out: geometry, frames, reading order, paragraphs, words.

No pixels, no networks, no files.
"""
