"""Fitted estimators as one ONNX graph, from pixels of any size to what is predicted."""

from hybridml.exporting.to_onnx import to_onnx

__all__ = ["to_onnx"]
