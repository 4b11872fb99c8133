"""How a scikit-learn search is recorded while it runs."""
