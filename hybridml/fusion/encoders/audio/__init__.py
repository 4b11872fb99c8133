"""Sounds: reading them, and drawing their spectrograms."""
