"""Which transfer case wins on which task: the truth that advice is measured by."""
