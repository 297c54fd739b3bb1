# Everything that a fresh machine needs: Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV_VERSION := 0.13.9
export DO_NOT_TRACK := 1

.PHONY: help setup run dev dashboards superset test test-slow test-servers check bench bench-identity bench-scores mutants clean lock

help: ## Show this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(STAMP) ## Make .venv and install the hash-pinned lock

$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@

run: setup ## Make the demo company and run the nightly
	@test -f home/demo/demo.json || $(BIN)/kundbild demo
	$(BIN)/kundbild run

dev: setup ## Dagster UI on 127.0.0.1:3000, the demo ready to run
	@test -f home/demo/demo.json || $(BIN)/kundbild demo
	-$(BIN)/kundbild prepare
	DAGSTER_HOME=$(CURDIR)/home/dagster $(BIN)/dg dev --host 127.0.0.1 --port 3000

dashboards: setup ## Dashboards on the publication, 127.0.0.1:8501 (ARGS="--port 8600 --open")
	$(BIN)/kundbild dashboards $(ARGS)

superset: setup ## Superset on 127.0.0.1:8088 with dashboards on the newest publication (ARGS="--port 0")
	$(BIN)/kundbild superset $(ARGS)

# tests plan thousands of small queries: with jemalloc, where it is installed, DuckDB plans in a seventh less of processor time
test test-slow: export LD_PRELOAD ?= $(firstword $(wildcard /usr/lib/*/libjemalloc.so.2))
test: setup ## Tests of every part, and of whole nights (ARGS="tests/unit/identity")
	$(BIN)/pytest -n auto --dist worksteal -m "not slow" $(ARGS)

test-slow: setup ## Tests that take long: nights that break off, large data sets, servers; before a release
	$(BIN)/pytest -n auto --dist worksteal -m slow $(ARGS)

test-servers: setup ## Tests against servers that take long to install: Medusa 2 from npm (Node 20 or newer)
	$(BIN)/pytest -n 0 tests/systems/medusa/checks.py

check: setup ## Lint, format, types, layering, dbt parse, dg check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/sqlfmt --check --quiet dbt_project
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	KUNDBILD_HOME=$(CURDIR)/build/check $(BIN)/kundbild prepare
	KUNDBILD_HOME=$(CURDIR)/build/check $(BIN)/dg check defs

bench: setup ## Measure against the pure-DuckDB limit (minutes)
	$(BIN)/python -m tests.bench

bench-identity: setup ## How well people are resolved, next to the anchors (minutes)
	$(BIN)/python -m tests.bench.identity

bench-scores: setup ## How good scores and forecasts are, next to the anchors (minutes)
	$(BIN)/python -m tests.bench.scores

mutants: setup ## Break the code on purpose and report which breaks no test notices (minutes; ARGS="--only NAME")
	$(BIN)/python -m tests.mutants $(ARGS)

lock: ## Resolve the dependencies anew
	$(BIN)/uv pip compile --quiet pyproject.toml --extra dev --extra dashboards --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header -o requirements.lock
	$(BIN)/uv pip compile --quiet orchestration/publishing/superset/requirements.in --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header -o orchestration/publishing/superset/requirements.lock

clean: ## Remove what runs made (not .venv)
	rm -rf home build .pytest_cache .mypy_cache .ruff_cache dbt_project/target dbt_project/logs
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
