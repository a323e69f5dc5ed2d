"""The pre-commit hooks: what has not changed is answered with the standard library, the rest by `check`."""
