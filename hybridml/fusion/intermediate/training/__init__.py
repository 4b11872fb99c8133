"""How tables of blocks and targets reach the training loop, and what it is told."""
