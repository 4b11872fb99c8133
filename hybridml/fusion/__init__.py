"""Early, late and intermediate fusion of several modalities over one DataFrame."""
