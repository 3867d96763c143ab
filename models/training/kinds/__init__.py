"""Training of the model that classifies lines as printed, handwritten or signature (models/kinds/kind.npz).

Data, loss, loop and the file to ship. `python -m models.training.kinds` runs it; torch trains, numpy reads.
"""
