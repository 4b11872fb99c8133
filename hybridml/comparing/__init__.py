"""Comparing estimators on the same folds: what is run, when, and what was found."""
