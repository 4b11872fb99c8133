"""Columns of a table, and how each becomes numbers."""
