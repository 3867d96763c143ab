"""From a network's name to a checked file on this machine, and from the file to a session that runs it.

Nothing else finds, fetches, compares or opens weights; what a network computes is for the rooms above.
"""
