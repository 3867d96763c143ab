"""Everything that talks to Kafka outside of Faust: clients, topics, lag, single records.

It knows messages, but not what they are processed into. Only `clients` opens a connection.
"""
