"""What the plugin says to the user beside what dbt prints."""

import click


def say(text: str) -> None:
    """One line on stderr, so that what dbt prints for programs stays as it is."""
    click.echo(f"dbt-isolation: {text}", err=True)
