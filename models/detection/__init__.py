"""Text detectors: page pixels in, boxes of text lines out.

What a line holds, which kind it is and in which order lines are read is for the rooms above.
"""
