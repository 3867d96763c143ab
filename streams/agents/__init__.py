"""The Faust agents, from raw-files to documents, and the loop they share.

What turns one message into others belongs here, and how that loses nothing. Opening and reading documents does
not: that is `streams.processes`; nor does starting an app: that is `streams.app` and `streams.service`.
"""
