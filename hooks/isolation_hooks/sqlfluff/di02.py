"""DI02 as a rule of sqlfluff."""

from sqlfluff.core.rules import BaseRule, LintResult, RuleContext
from sqlfluff.core.rules.crawlers import RootOnlyCrawler

from isolation_hooks.sqlfluff.results import results


class Rule_Isolation_DI02(BaseRule):  # noqa: N801
    """An environment is spelled out.

    More of it: docs/checks.md#di02.

    **Anti-pattern**

    Development runs other code than production, or reads production's place by its name.

    .. code-block:: sql

        select order_id
        from {{ ref('orders') }}
        {% if target.name != 'prod' %}
        where ordered_at > current_date - 3
        {% endif %}

    **Best practice**

    .. code-block:: sql

        select order_id
        from {{ ref('orders') }}
        where ordered_at > current_date - {{ var('days', 3) }}
    """

    name = "isolation.spelled_out"
    groups = ("all", "isolation")
    crawl_behaviour = RootOnlyCrawler(works_on_unparsable=True)
    targets_templated = True

    def _eval(self, context: RuleContext) -> list[LintResult]:
        return results(self, context)
