"""Boxes and polygons in, order and groups out: geometry, coordinate frames, reading order, paragraphs.

No pixels, no networks, no files.
"""
