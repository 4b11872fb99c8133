"""Every layer of a network has its say, as much as it has been right."""
