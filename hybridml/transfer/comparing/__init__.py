"""Comparing the transfer cases: which there are, what they cost, what was found."""
