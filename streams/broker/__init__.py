"""The embedded Kafka: how it is fetched, configured, started and stopped.

It speaks no Kafka protocol but one request, to see whether the broker answers; clients are in streams.kafka.
"""
