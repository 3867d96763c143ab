"""The memory table: SQL over everything read, for queries that nobody has checked.

It only follows topics and answers; nothing is written back to Kafka.
"""
