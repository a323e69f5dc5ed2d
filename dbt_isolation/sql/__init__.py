"""What a project's files say: their Jinja, the SQL it makes, and the relations that are named there."""
