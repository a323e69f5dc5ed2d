"""A development copy of a raw source: how much of it is asked for, of which tables, and what became of it."""
