"""What `inkstream evaluate` measures: one module for each engine, and the registry that names them.

No scores are computed here. A reader returns text and, where it can, regions.
"""
