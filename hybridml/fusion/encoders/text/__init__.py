"""Texts, and how each becomes numbers."""
