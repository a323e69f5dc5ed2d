"""A plugin for sqlfluff: DI01, DI02, DI04 and DI05 as rules of the group ``isolation``."""

from typing import TYPE_CHECKING

from sqlfluff.core.plugin import hookimpl

if TYPE_CHECKING:
    from sqlfluff.core.rules import BaseRule


@hookimpl
def get_rules() -> "list[type[BaseRule]]":
    """The rules; imported only here, so that sqlfluff starts as fast as without them."""
    from isolation_hooks.sqlfluff.di01 import Rule_Isolation_DI01
    from isolation_hooks.sqlfluff.di02 import Rule_Isolation_DI02
    from isolation_hooks.sqlfluff.di04 import Rule_Isolation_DI04
    from isolation_hooks.sqlfluff.di05 import Rule_Isolation_DI05

    return [Rule_Isolation_DI01, Rule_Isolation_DI02, Rule_Isolation_DI04, Rule_Isolation_DI05]
