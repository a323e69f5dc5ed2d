"""What has been generated so far, and may be built on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from random import Random

from .query import Query, Scope
from .relation import PROJECT, Column, Model, Relation

DEEPEST = 3
"""Views over views that a new model may be put upon."""


class Catalog:
    """The models so far, which relations there are for an entity, and the dice."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.models: list[Model] = []
        self.staging: dict[str, Relation] = {}
        """By entity: its staging model."""
        self.totals: dict[str, list[Relation]] = defaultdict(list)
        """By entity: intermediate models with one row for each of its keys."""
        self.dimensions: dict[str, list[Relation]] = defaultdict(list)
        """By entity: marts with one row for each of its keys."""
        self._names: set[str] = set()

    def name(self, wanted: str) -> str:
        """A name that no model has yet."""
        name, number = wanted, 1
        while name in self._names:
            number += 1
            name = f"{wanted}_{number}"
        self._names.add(name)
        return name

    def finish(
        self,
        *,
        name: str,
        layer: str,
        domain: str,
        materialized: str,
        noun: str,
        description: str,
        query: Query,
        last: Scope,
        complete: bool = False,
        head: str = "",
        tail: str = "",
    ) -> Model:
        """Make the model whose SQL the query holds, with `head` before and `tail` after it."""
        stored = materialized in ("table", "incremental")
        depth = 0 if stored else 1 + max(parent.depth for parent in query.parents)
        relation = Relation(
            id=f"model.{PROJECT}.{name}",
            jinja=f"{{{{ ref('{name}') }}}}",
            columns=last.columns,
            noun=noun,
            complete=complete,
            depth=depth,
        )
        model = Model(
            name=name,
            layer=layer,
            domain=domain,
            materialized=materialized,
            sql=head + query.sql(last) + tail,
            relation=relation,
            description=description,
            origins=last.origins,
            influence=frozenset(query.influence),
            tests=self._tests(relation),
        )
        self.models.append(model)
        return model

    def lookups(
        self, base: Relation, pool: Iterable[dict[str, list[Relation]]]
    ) -> list[tuple[Column, Relation]]:
        """For each reference of `base`: the column, and a relation with one row for each value at most."""
        found = []
        for column in base.all("ref"):
            known = [relation for group in pool for relation in group.get(column.entity, ())]
            if column.entity in self.staging:
                known.append(self.staging[column.entity])
            known = [relation for relation in known if relation.id != base.id and relation.depth <= DEEPEST]
            if known:
                found.append((column, self.rng.choice(known)))
        self.rng.shuffle(found)
        return found

    def _tests(self, relation: Relation) -> dict[str, list[str]]:
        tests = {relation.key.name: ["unique", "not_null"] if self.rng.random() < 0.8 else ["unique"]}
        categories = relation.all("category")
        if categories and self.rng.random() < 0.15:
            column = self.rng.choice(categories)
            words = ", ".join(column.values)
            tests.setdefault(column.name, []).append(f"accepted_values:\narguments:\n  values: [{words}]")
        refs = [column for column in relation.all("ref") if column.entity in self.staging]
        if refs and self.rng.random() < 0.15:
            column = self.rng.choice(refs)
            other = self.staging[column.entity]
            to = other.jinja.strip("{} ")
            tests.setdefault(column.name, []).append(
                f"relationships:\narguments:\n  to: {to}\n  field: {other.key.name}"
            )
        return tests
