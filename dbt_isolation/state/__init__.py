"""The release store: what a protected environment runs, kept where every developer can read it."""
