"""Line recognisers with a CTC network (PP-OCR's, and ours for handwriting) and their decoding. No torch."""
