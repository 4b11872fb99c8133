"""The sections of a report, each a function from its data to HTML; "" leaves it out."""
