"""DI04 as a rule of sqlfluff."""

from sqlfluff.core.rules import BaseRule, LintResult, RuleContext
from sqlfluff.core.rules.crawlers import RootOnlyCrawler

from isolation_hooks.sqlfluff.results import results


class Rule_Isolation_DI04(BaseRule):  # noqa: N801
    """Something outside of the own environment is written.

    More of it: docs/checks.md#di04.

    **Anti-pattern**

    Whoever runs the model in development changes production.

    .. code-block:: sql

        {{ config(post_hook="grant select on analytics.orders to reporter") }}
        select order_id
        from {{ ref('orders') }}

    **Best practice**

    .. code-block:: sql

        {{ config(post_hook="grant select on {{ this }} to reporter") }}
        select order_id
        from {{ ref('orders') }}
    """

    name = "isolation.writes_outside"
    groups = ("all", "isolation")
    crawl_behaviour = RootOnlyCrawler(works_on_unparsable=True)
    targets_templated = True

    def _eval(self, context: RuleContext) -> list[LintResult]:
        return results(self, context)
