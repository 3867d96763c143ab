"""How well pages are read: ground truth formats, the readers that are measured, and the scores.

It may import everything that reads pages. Nothing that reads pages imports it; `inkstream evaluate` does.
"""
