"""Shallow heads as operators of ONNX, in float64 as scikit-learn computes them."""
