"""What was recorded: what was built and tested here."""
