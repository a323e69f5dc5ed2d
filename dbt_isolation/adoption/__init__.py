"""Taking the package up in a project: what is written into whose file, shown, done and undone."""
