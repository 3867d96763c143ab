"""How page-text records are written for people and programs: one module a format, and the registry of them.

No Kafka, no reading of documents, no terminal.
"""
