"""What is told to a tracker, on disk: written first, removed when the store has it."""
