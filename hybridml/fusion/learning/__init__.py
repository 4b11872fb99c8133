"""How the shallow estimators of a fusion are fitted, chosen and calibrated."""
