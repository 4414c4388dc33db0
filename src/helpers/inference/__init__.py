"""How sure an estimate is: relabelling, unknown rosters, power."""
