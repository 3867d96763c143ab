"""Pages that were read as files that people and programs take away: one module a format, and the registry of them.

Others call `registry.export`. No Kafka, no recognition, no terminal.
"""
