"""What SQL text names, by its tokens alone: a text may be half a statement, or have holes in any position."""
