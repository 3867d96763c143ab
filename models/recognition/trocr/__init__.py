"""TrOCR (Li et al. 2021, arXiv 2109.10282): an image transformer encodes one line, a text transformer decodes it.

What reads with it is here, on ONNX Runtime or torch; what turns checkpoints into ONNX graphs is in export/.
"""
