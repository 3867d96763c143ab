"""CRAFT (Baek et al. 2019): its network, export and quantisation, and the detector that runs the exported file.

Only network, export, quantize and smoothing may import torch or onnx; reading pages imports none of them.
"""
