"""What a comment of a pull request is made of, and how much of it a service takes."""
