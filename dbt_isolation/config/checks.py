"""``checks:`` and ``layers:`` of the block: what findings weigh and what silences one; who may read whom."""

from collections.abc import Iterator
from typing import Any

from dbt_isolation.config.model import Layer, Weights
from dbt_isolation.config.settings import Reader

#: The checks that there are; ``checks.CHECKS`` says what each finds.
CODES = ("DI01", "DI02", "DI03", "DI04", "DI05", "DI06", "DI11", "DI12", "DI31", "DI32", "DI33")
_KEYS = (*CODES, "paths", "noqa_reason", "dialect")
_WEIGHTS = ("off", "warn", "error")


def weights(read: Reader, written: object) -> tuple[Weights, ...]:
    """``{CODE: off | warn | error, paths: [{path, CODE: …}]}``, in the order in which they are asked.

    Raises ``IsolationError``.
    """
    settings = read.mapping(written, "checks", _KEYS)
    everywhere = Weights(_of_code(read, settings, "checks"))
    return (everywhere, *_under_paths(read, settings.get("paths", [])))


def noqa_reason(read: Reader, written: object) -> bool:
    """``{noqa_reason: true}``. Raises ``IsolationError``."""
    settings = read.mapping(written, "checks", _KEYS)
    return read.flag(settings.get("noqa_reason", False), "checks.noqa_reason")


def dialect(read: Reader, written: object) -> str:
    """``{dialect: snowflake}``: whose SQL the files are; empty where profiles.yml says. Raises the same."""
    settings = read.mapping(written, "checks", _KEYS)
    return read.text(settings["dialect"], "checks.dialect") if "dialect" in settings else ""


def layers(read: Reader, written: object) -> tuple[Layer, ...]:
    """``[{name, path}]``, the first of them reads the sources. Raises ``IsolationError``."""
    found = []
    for number, one in enumerate(read.list(written, "layers")):
        key = f"layers[{number}]"
        settings = read.mapping(one, key, ("name", "path"))
        path = _path(read, settings, key)
        found.append(Layer(read.text(settings.get("name", path), f"{key}.name"), path))
    return tuple(found)


def _under_paths(read: Reader, written: object) -> Iterator[Weights]:
    for number, one in enumerate(read.list(written, "checks.paths")):
        key = f"checks.paths[{number}]"
        settings = read.mapping(one, key, ("path", *CODES))
        yield Weights(_of_code(read, settings, key), _path(read, settings, key))


def _of_code(read: Reader, settings: Any, key: str) -> dict[str, str]:
    # YAML takes a bare `off` for false.
    plain = {code: "off" if settings[code] is False else settings[code] for code in CODES if code in settings}
    return {code: read.choice(one, f"{key}.{code}", _WEIGHTS) for code, one in plain.items()}


def _path(read: Reader, settings: Any, key: str) -> str:
    path = read.text(settings.get("path", ""), f"{key}.path").replace("\\", "/").strip("/")
    if not path:
        raise read.error(
            key, "path is missing", "name a file or a folder of the project: path: models/staging"
        )
    return path
