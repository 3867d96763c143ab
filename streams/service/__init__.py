"""Processes and their life: the worker, the supervisor that keeps it running, and what `inkstream up` prints.

What a worker does with messages belongs in `streams.agents`.
"""
