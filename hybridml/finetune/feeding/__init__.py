"""What a training run reads: pixels, their variations, and what frozen layers give."""
