"""Fusion inside a network: branches of all modalities are trained together."""
