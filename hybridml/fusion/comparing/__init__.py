"""Comparing ways of fusing modalities: with one another, and with each one alone."""
