"""What the figures in the README come from: `python -m benchmarks [NAME ...]`, from the repository's root."""
