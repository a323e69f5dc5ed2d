"""DI05 as a rule of sqlfluff."""

from sqlfluff.core.rules import BaseRule, LintResult, RuleContext
from sqlfluff.core.rules.crawlers import RootOnlyCrawler

from isolation_hooks.sqlfluff.results import results


class Rule_Isolation_DI05(BaseRule):  # noqa: N801
    """A place is fixed, and naming has no say in it.

    More of it: docs/checks.md#di05.

    **Anti-pattern**

    Every environment builds the model in one and the same place.

    .. code-block:: sql

        {{ config(database='analytics') }}
        select order_id
        from {{ ref('orders') }}

    **Best practice**

    .. code-block:: sql

        {{ config(schema='marts') }}
        select order_id
        from {{ ref('orders') }}
    """

    name = "isolation.fixed_place"
    groups = ("all", "isolation")
    crawl_behaviour = RootOnlyCrawler(works_on_unparsable=True)
    targets_templated = True

    def _eval(self, context: RuleContext) -> list[LintResult]:
        return results(self, context)
