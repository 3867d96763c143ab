"""Tesseract, in process and as a program: whole pages in, words and lines out. Only this room knows Tesseract."""
