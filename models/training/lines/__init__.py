"""Fine-tuning of PP-OCR's line recogniser on handwriting: data, CTC training, self-distillation, export, n-grams.

`python -m models.training.lines` runs it. models/recognition/ctc reads with the result and never imports this.
"""
