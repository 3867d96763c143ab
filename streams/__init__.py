"""The stream: everything that knows Kafka. Start reading in `streams.app`; reading a page itself is in `models`."""
