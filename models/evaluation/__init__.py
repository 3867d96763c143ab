"""How well pages are read: ground truth, readers, and the scores of one against the other."""
