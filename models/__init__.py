"""From a document to the text of its pages, without Kafka. Start reading in `models.pipeline`."""
