"""Features of all the layers together, of which the most relevant are kept."""
