"""DI01 as a rule of sqlfluff."""

from sqlfluff.core.rules import BaseRule, LintResult, RuleContext
from sqlfluff.core.rules.crawlers import RootOnlyCrawler

from isolation_hooks.sqlfluff.results import results


class Rule_Isolation_DI01(BaseRule):  # noqa: N801
    """A table, a file or another database is named in place of ref() or source().

    More of it: docs/checks.md#di01.

    **Anti-pattern**

    Every environment reads the same table, and dbt does not know of the dependency.

    .. code-block:: sql

        select order_id
        from analytics.orders

    **Best practice**

    .. code-block:: sql

        select order_id
        from {{ ref('orders') }}
    """

    name = "isolation.named_table"
    groups = ("all", "isolation")
    crawl_behaviour = RootOnlyCrawler(works_on_unparsable=True)
    targets_templated = True
    is_fix_compatible = True
    template_safe_fixes = True

    def _eval(self, context: RuleContext) -> list[LintResult]:
        return results(self, context)
