"""TrOCR (Li et al. 2021, arXiv 2109.10282): an image transformer reads one line, a text transformer says it."""
