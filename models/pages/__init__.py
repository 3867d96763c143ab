"""Pixels in, pixels out: cleaning, deskewing and enlarging a page, and what is measured on it to decide that.

Plain OpenCV and numpy. No network is run here, and nothing knows of text lines but by their corners.
"""
