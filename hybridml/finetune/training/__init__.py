"""The training loop, and all that acts on the weights in a step."""
