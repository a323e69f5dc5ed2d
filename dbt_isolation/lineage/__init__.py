"""What depends on what, and whether it is still the same."""
