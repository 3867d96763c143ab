"""What is on the wire: records, headers, dead letters, and their encoding.

Values only: nothing here opens a Kafka client, reads a file or knows an agent.
"""
