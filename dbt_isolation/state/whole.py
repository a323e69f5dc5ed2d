"""Files that are either there whole or not at all."""

import os
import secrets
from pathlib import Path


def beside(file: Path, content: bytes, *, durable: bool = False) -> Path:
    """``content`` in a new file in the folder of ``file``, to be moved there.

    ``durable``: on the disk as well, before it is returned.

    Raises ``OSError``, and then leaves nothing.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    # Not the standard library's: its temporary files are the writer's alone, and a store is shared.
    written = file.with_name(f".writing-{secrets.token_hex(8)}")
    try:
        with written.open("xb") as stream:
            stream.write(content)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
    except BaseException:
        written.unlink(missing_ok=True)
        raise
    return written
