# make run   plan and operate one day, write the report      make test   lint, types, architecture, tests
# make ui    Dagster in the browser, on this machine only    make bench  side-by-side timings (NAME=... for one)
# make backfill CASE=base|all FROM=2025-07-01 TO=2025-07-31   many days, cases side by side; resumes where it stopped
# make clean remove all that was made                        make lock   renew requirements.lock
# make study a winter and a summer month of every case by every strategy; STUDY="--year 2025" a year with money
# make docs  renew the generated pages of docs/                make pictures  those of the README (Chromium)

CASE ?= base
DAY ?= 2025-07-15
PORT ?= 3000
# Where `make ui` serves the pages of operated days; runs leave links to it in Dagster.
PAGES_PORT ?= 3001
run backfill: export ECONEX_REPORT_URL ?= http://127.0.0.1:$(PAGES_PORT)
NAME ?=
STUDY ?=
FROM ?= $(DAY)
TO ?= $(FROM)

# Where the Dagster instance and the tables live; set either variable to move it.
DAGSTER_HOME ?= $(CURDIR)/.dagster
ECONEX_STORAGE ?= $(CURDIR)/storage
export DAGSTER_HOME ECONEX_STORAGE

VENV := .venv
BIN := $(VENV)/bin
# The first interpreter that starts and is 3.11, 3.12 or 3.13; PYTHON=... chooses another.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	2>/dev/null && echo "$$python" && break; done)

.PHONY: run backfill test lint ui bench study lock docs pictures clean test-services audit install
.DEFAULT_GOAL := run

run: install
	@$(BIN)/python -m econex_pipeline --case "$(CASE)" --day "$(DAY)"

backfill: install
	@$(BIN)/python -m econex_pipeline.orchestration.backfill --case "$(CASE)" --from "$(FROM)" --to "$(TO)"

ui: install
	@$(BIN)/python -m econex_pipeline.orchestration.ui --port "$(PORT)" --pages-port "$(PAGES_PORT)"

lint: install
	$(BIN)/ruff check econex_pipeline econex_pipeline_tests benchmarks deploy docs
	$(BIN)/ruff format --check econex_pipeline econex_pipeline_tests benchmarks deploy docs
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python deploy/audit.py

test: lint
	$(BIN)/pytest -m "not slow and not services"
	$(BIN)/pytest -m "slow and not services"

test-services: $(VENV)/.services-installed
	$(BIN)/pytest -m services

bench: install
	@$(BIN)/python -m benchmarks $(NAME)

study: install
	@$(BIN)/python -m econex_pipeline.study $(STUDY)

docs: install
	@$(BIN)/python -m econex_pipeline.contracts > docs/data_dictionary.md
	@$(BIN)/python -m econex_pipeline.hydraulics > docs/hydraulics.md

pictures: run
	@$(BIN)/python docs/pictures.py

install: $(VENV)/.package-installed

$(VENV)/.python-chosen:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 with its venv module is needed; none was found." >&2; exit 1; }
	@echo "creating $(VENV) with $(PYTHON)"
	@"$(PYTHON)" -m venv $(VENV)
	@touch $@

$(VENV)/.lock-installed: requirements.lock | $(VENV)/.python-chosen
	@echo "installing the packages of requirements.lock (a few minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.package-installed: $(VENV)/.lock-installed pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.services-installed: requirements-services.lock $(VENV)/.package-installed
	@echo "installing the packages of requirements-services.lock"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-services.lock
	@touch $@

# Known weaknesses of the locked packages; unlike in `make lint`, it is a failure that the database cannot be asked.
audit: install
	@$(BIN)/python deploy/audit.py --strict

# uv resolves for all platforms and Pythons at once; addresses and paths are left out of the files. The lock of the
# containers and that of the services' tests agree with that of the development.
COMPILE := build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-annotate --no-emit-index-url --no-emit-find-links --no-strip-extras
lock:
	@test -x build/lock/bin/uv || { "$(PYTHON)" -m venv build/lock && build/lock/bin/pip install --quiet uv; }
	@$(COMPILE) pyproject.toml --extra dev -o requirements.lock >/dev/null
	@$(COMPILE) pyproject.toml --extra postgres --extra s3 -c requirements.lock -o requirements-runtime.lock >/dev/null
	@$(COMPILE) pyproject.toml --extra dev --extra services -c requirements.lock -o requirements-services.lock >/dev/null

clean:
	@rm -rf $(VENV) build storage *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	@find .dagster -mindepth 1 ! -name dagster.yaml -delete 2>/dev/null || true
	@find econex_pipeline econex_pipeline_tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
