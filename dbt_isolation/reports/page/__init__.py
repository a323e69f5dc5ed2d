"""What the HTML page is made of beside its tables."""

from importlib.resources import files


def static(name: str) -> str:
    """A file of `static/`, as text."""
    return files("dbt_isolation.reports").joinpath("static", name).read_text(encoding="utf-8")
