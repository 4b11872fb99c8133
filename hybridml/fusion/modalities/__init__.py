"""What a modality is, where it stands in a table, and how it becomes numbers."""
