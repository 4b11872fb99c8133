"""How a journal gets to MLflow: by a process of its own, in order and in batches."""
