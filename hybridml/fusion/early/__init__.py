"""Fusion at the level of features: scaled blocks side by side, and one head."""
