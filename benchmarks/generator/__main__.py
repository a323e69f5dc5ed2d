"""`python -m benchmarks.generator PATH --models N [--package DIR]`: write a project and its raw tables."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import generate, load_raw


def main() -> None:
    """Read the command line and generate."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generator", description=generate.__doc__)
    parser.add_argument("path", type=Path, help="the folder to write the project into")
    parser.add_argument("--models", type=int, default=1000, help="how many models (default: 1000)")
    parser.add_argument("--package", type=Path, help="the folder of the dbt package (default: do without)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, another project (default: 0)")
    parser.add_argument("--no-data", action="store_true", help="do not make the raw tables in DuckDB")
    arguments = parser.parse_args()
    generate(arguments.path, models=arguments.models, package=arguments.package, seed=arguments.seed)
    if not arguments.no_data:
        load_raw(arguments.path)


if __name__ == "__main__":
    main()
