"""The five transfer cases, each as the estimator that does it."""
