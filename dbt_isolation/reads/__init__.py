"""Where each ref is read, and why."""
