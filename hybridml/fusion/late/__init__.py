"""Fusion at the level of decisions: an estimator a modality, and what combines them."""
