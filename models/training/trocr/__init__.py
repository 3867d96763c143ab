"""Training of trocr-tiny: TrOCR's architecture on the frozen backbone of the handwriting recogniser.

`python -m models.training.trocr` runs it. models/recognition/trocr reads with the exported folder.
"""
