"""From a file to its pages: media type, number of pages, and each page as text layer or as a picture.

No text is recognised here.
"""
