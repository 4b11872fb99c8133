"""What each modality adds to a fusion."""
