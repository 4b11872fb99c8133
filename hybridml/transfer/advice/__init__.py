"""Which case to take, said before the cases are compared."""
