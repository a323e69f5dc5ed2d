"""How far the package is set up in a project, read from files and from the release store alone."""
