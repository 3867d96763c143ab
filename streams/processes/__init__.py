"""Both sides of the border between the event loop and the reader processes.

`pool` is the loop's side, `reader_process` the other. Only the latter imports `models.pipeline`, and only once it
runs in its process.
"""
