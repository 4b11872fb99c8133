"""Transferability scores: how well features suit labels, before a model is trained."""
