"""Files into raw-files: the watched folder with its ledger, and the producer that all senders use.

Nothing here reads a document, but for whether its file is complete.
"""
