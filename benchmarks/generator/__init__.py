"""A realistic dbt project on DuckDB, of any size, the same for the same seed."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from .catalog import Catalog
from .intermediate import intermediate
from .marts import mart
from .project import project_files
from .properties import exposures_yaml, models_yaml, sources_yaml
from .raw import DATABASE, SETUP, SUBJECTS, SYSTEMS, RawTable, load_raw, raw_table, setup_sql
from .relation import PROJECT, Relation
from .staging import staging
from .truth import TRUTH, write_truth

__all__ = ["DATABASE", "FEWEST", "PROJECT", "TRUTH", "generate", "load_raw"]

FEWEST = 10
"""The smallest project that has every layer."""

_DOMAIN_SIZE = 100


def generate(path: Path, *, models: int = 1000, package: Path | None, seed: int = 0) -> None:
    """Write a project with exactly `models` models into the folder `path`.

    With `package=None` it is a plain dbt project; with the folder of the dbt package it uses the package, as
    `init` would set it up. The models are the same in both. `load_raw` then makes the tables that its sources
    name.
    """
    if models < FEWEST:
        raise ValueError(f"a project needs at least {FEWEST} models, not {models}")
    catalog = Catalog(seed)
    tables: dict[str, list[RawTable]] = {}
    count = max(1, round(models / _DOMAIN_SIZE))
    subjects = list(SUBJECTS)
    for number in range(count):
        subject = subjects[number % len(subjects)]
        lap = number // len(subjects) + 1
        size = models // count + (number < models % count)
        domain = subject if lap == 1 else f"{subject}_{lap:02}"
        tables[domain] = _domain(catalog, domain, SUBJECTS[subject].split(), size)
    _write(path, catalog, tables, package)


def _domain(catalog: Catalog, domain: str, nouns: list[str], size: int) -> list[RawTable]:
    """Generate the `size` models of one domain; returns its raw tables."""
    staged = round(size * 0.3)
    systems = -(-staged // len(nouns))
    elsewhere = list(catalog.staging)
    tables = []
    for number in range(systems):
        source = f"{domain}_{SYSTEMS[number]}"
        here = nouns[: staged // systems + (number < staged % systems)]
        for noun in here:
            others = [(other, f"{source}.{other}") for other in here if other != noun]
            refers = catalog.rng.sample(others, catalog.rng.randint(1, 2))
            if elsewhere and catalog.rng.random() < 0.3:
                entity = catalog.rng.choice(elsewhere)
                other = catalog.staging[entity].noun
                if other not in here:
                    refers[-1] = (other, entity)
            tables.append(raw_table(catalog.rng, source, noun, refers))
    pool: list[Relation] = [staging(catalog, domain, table).relation for table in tables]
    summaries: list[Relation] = []
    for number in range(size - staged):
        if number < staged:
            pool.append(intermediate(catalog, domain, pool).relation)
        else:
            mart(catalog, domain, pool, summaries)
    return tables


def _write(path: Path, catalog: Catalog, tables: dict[str, list[RawTable]], package: Path | None) -> None:
    texts = project_files(package)
    texts[SETUP] = setup_sql([table for group in tables.values() for table in group])
    texts["models/exposures.yml"] = exposures_yaml(catalog.models)
    folders = defaultdict(list)
    for model in catalog.models:
        folders[(model.layer, model.domain)].append(model)
        texts[f"models/{model.layer}/{model.domain}/{model.name}.sql"] = model.sql
    for (layer, domain), models in folders.items():
        text = "version: 2\n\n"
        if layer == "staging":
            text += sources_yaml(tables[domain]) + "\n"
        texts[f"models/{layer}/{domain}/_{domain}__{layer}.yml"] = text + models_yaml(models)
    for folder in {(path / name).parent for name in texts}:
        folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (path / name).write_text(text, encoding="utf-8", newline="\n")
    write_truth(path, catalog.models)
