"""Export of TrOCR checkpoints to ONNX graphs. Needs onnx; nothing that reads documents imports it."""
