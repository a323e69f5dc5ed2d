PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-all lint bench

# A virtual environment from a lock; DIR/.made stands when it is whole.
define make_venv
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed: make PYTHON=python3.11 …") if sys.version_info < (3, 11) else None'
	rm -rf $(1)
	$(PYTHON) -m venv $(1)
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r $(2)
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(1)/.made
endef

.venv/.made: requirements.lock pyproject.toml
	$(call make_venv,.venv,requirements.lock)

.venv-dbt110/.made: requirements-dbt110.lock pyproject.toml
	$(call make_venv,.venv-dbt110,requirements-dbt110.lock)

# dbt 1.12 without its parser package, which downloads when it is built.
.venv-dbt112/.made: requirements-dbt112.lock pyproject.toml
	$(call make_venv,.venv-dbt112,requirements-dbt112.lock)

demo: .venv/.made
	$(BIN)/python integration_tests/demo.py

test: .venv/.made
	$(BIN)/python -m pytest

# What `make test` leaves out, and the core of the guards on the other dbt versions, the last with a newer sqlfluff.
test-all: .venv/.made .venv-dbt110/.made .venv-dbt112/.made
	$(BIN)/python -m pytest -m all
	.venv-dbt110/bin/python -m pytest tests/guard tests/lineage tests/test_configuration.py tests/test_shop.py
	.venv-dbt112/bin/python -m pytest tests/guard tests/lineage tests/test_configuration.py tests/test_shop.py tests/hooks/sqlfluff

lint: .venv/.made
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: .venv/.made
	$(BIN)/python -m benchmarks
