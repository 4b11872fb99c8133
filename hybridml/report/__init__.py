"""Plots of what a comparison found, from plain data."""
