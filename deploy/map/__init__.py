"""Draws the map of the rooms from what they import: `make map`."""
