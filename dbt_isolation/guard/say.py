"""What the plugin says to the user beside what dbt prints."""

import click


def in_short(error: Exception) -> str:
    """Its first lines: dbt says only in the second what a database error was."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return ": ".join(lines[:2]) or repr(error)


def say(text: str) -> None:
    """One line on stderr, so that what dbt prints for programs stays as it is."""
    click.echo(f"dbt-isolation: {text}", err=True)
