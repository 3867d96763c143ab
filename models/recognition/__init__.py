"""Recognition: line crops or whole upright pages in, text with confidence out.

Contracts, choice of engine and calibration are here, each engine is in a room of its own. What finds lines,
classifies them or knows of a page's order belongs to detection, kinds and reading.
"""
