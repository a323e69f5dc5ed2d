"""Two queries compared: what a change of one does to its result."""
