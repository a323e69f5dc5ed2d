"""sqlfluff with this plugin, installed or not: ``python -m tests.hooks.sqlfluff.plugin lint …``."""

from sqlfluff.core.plugin.host import get_plugin_manager

from isolation_hooks import sqlfluff as plugin

NAME = "dbt_isolation"


def register() -> None:
    """As the entry point does."""
    manager = get_plugin_manager()
    if manager.get_plugin(NAME) is None:
        manager.register(plugin, name=NAME)


# At import: sqlfluff starts processes of its own, which import this again.
register()

if __name__ == "__main__":
    from sqlfluff.cli.commands import cli

    cli()
