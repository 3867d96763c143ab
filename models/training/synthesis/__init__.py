"""Synthetic training data with ground truth: pages, lines, signatures and marks drawn from a random generator.

Only pictures and labels are made here: no network, no loss. What is drawn from a seed must stay the same bit for
bit, since the shipped weights were trained on it: changing the order of random calls changes the data.
"""
