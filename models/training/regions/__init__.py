"""Training of the network that segments pages into print, handwriting and signatures (models/kinds/maps.py).

Data, loss, loop and export of that one network. `python -m models.training.regions` runs it.
"""
