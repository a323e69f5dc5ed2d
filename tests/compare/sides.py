"""A small project on both sides of a comparison: as production runs it, and as a test changes it."""

import json
from collections.abc import Callable
from pathlib import Path

from dbt_isolation.artifacts.project import ProjectFiles
from dbt_isolation.compare.comparison import Comparison, compare
from dbt_isolation.compare.drift import Drift
from dbt_isolation.compare.project import Released, Tree
from dbt_isolation.state.local import Local
from dbt_isolation.state.push import push
from dbt_isolation.state.releases import Releases
from tests.state.artifacts import Shop, releases_in

RAW = "source.shop.raw.payments"
STAGED, ORDERS, REVENUE, COUNTS = (f"model.shop.{one}" for one in ("staged", "orders", "revenue", "counts"))
COLUMNS = {"id": "INTEGER", "customer": "INTEGER", "cents": "INTEGER", "status": "VARCHAR"}
SQL = {
    "staged": "select id, customer, cents, status from {{ source('raw', 'payments') }}",
    "orders": (
        "select id as order_id, customer, cents / 100 as amount, status\n"
        "from {{ ref('staged') }}\nwhere status <> 'lost'"
    ),
    "revenue": "select customer, sum(amount) as total from {{ ref('orders') }} group by customer",
    "counts": "select status, count(*) as orders from {{ ref('orders') }} group by status",
}


def fill(shop: Shop) -> None:
    """A source, four models in three layers, tests, and two exposures."""
    shop.source("payments")
    shop.model("staged", SQL["staged"], RAW)
    shop.model("orders", SQL["orders"], STAGED)
    shop.model("revenue", SQL["revenue"], ORDERS)
    shop.model("counts", SQL["counts"], ORDERS)
    shop.column_test(ORDERS, "order_id", "unique")
    shop.exposure("board", "Board", REVENUE, owner="finance")
    shop.exposure("desk", "Desk", COUNTS)


class Sides:
    """Production in ``folder``'s store, and the project that is compared with it in ``folder / 'shop'``."""

    def __init__(self, folder: Path, before: Callable[[Shop], None] = fill) -> None:
        self.folder = folder
        production = Shop(folder / "production")
        before(production)
        production.compile()
        push(self.releases, production.ran(sha="1" * 40))
        self.shop = Shop(folder / "shop", schema="dev")
        before(self.shop)

    @property
    def releases(self) -> Releases:
        """Production's."""
        return releases_in(self.folder / "state")

    @property
    def local(self) -> Local:
        """The copy of the current release."""
        return Local.of(self.releases, self.folder / "shop/target")

    def written(self) -> Path:
        """Writes the project's artifacts, with a catalog of its source; gives dbt's folder for them."""
        target = self.shop.write()
        columns = {name: {"type": kind, "index": place} for place, (name, kind) in enumerate(COLUMNS.items())}
        (target / "catalog.json").write_text(json.dumps({"sources": {RAW: {"columns": columns}}}))
        return target

    def compared(self, *only: str, compiled: bool = True, drift: Drift | None = None) -> Comparison:
        """The project as it is, against production."""
        if compiled:
            self.shop.compile()
        target = self.written()
        copy = self.local.pull()
        return compare(
            Released.of(self.local, copy) if copy.release is not None else None,
            Tree.of(target, ProjectFiles(self.shop.folder, {}, {})),
            drift=drift,
            only=only,
        )
