"""How sure a comparison is: intervals, tests, equivalence. Only numbers go in."""
