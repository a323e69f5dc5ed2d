"""The yardstick for reading a manifest: one process that decodes it into typed records, and no more.

`python -m benchmarks.decode FILE [--write-to FILE]`; a file whose name ends in `.gz` is unpacked first, and
`--write-to` says where to put the bytes.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path

from dbt_isolation.artifacts import manifest


def main() -> None:
    """Read the command line and decode."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decode", description="Decode a manifest.")
    parser.add_argument("file", type=Path, help="manifest.json, or manifest.json.gz")
    parser.add_argument("--write-to", type=Path, metavar="FILE", help="where to write what was decoded")
    arguments = parser.parse_args()
    content = arguments.file.read_bytes()
    if arguments.file.suffix == ".gz":
        content = gzip.decompress(content)
    if arguments.write_to is not None:
        arguments.write_to.write_bytes(content)
    manifest.decode(content, str(arguments.file))


if __name__ == "__main__":
    main()
