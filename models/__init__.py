"""From a document to the text of its pages, without Kafka. Start reading in `models.pipeline`."""

import os

# Before ONNX Runtime is imported: it gives the machine an id and sends what it counts to its maker. A service that
# reads private documents does not.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
