# `make help` lists what there is. PYTHON names the interpreter that .venv is made with: make PYTHON=python3.12 findings
PYTHON ?= python3
BIN := .venv/bin
UV_COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet
PART ?= all

.DEFAULT_GOAL := help
.PHONY: help findings test lab buenos-aires lint format validate bench lock install install-dev

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

findings: install ## the main job: clean, estimate, check and report the shipped study, then say where the pages are
	@$(BIN)/model-wards run notebooks/runs/nghe_an.yaml

test: install-dev ## prove it: every test, docstring example and notebook
	@$(BIN)/python -m pytest -n logical --maxprocesses 8 --dist loadfile

lint: install-dev ## style, types, and the floors that imports may cross
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python tools/inventory.py

format: install-dev ## let ruff put the code in order
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lab: install ## open the notebooks in JupyterLab
	@$(BIN)/jupyter lab --notebook-dir=.

buenos-aires: install-dev ## the second study: build the published Buenos Aires panel and run it through the same notebooks
	@$(BIN)/python data/raw/buenos_aires_1994/build.py
	@$(BIN)/model-wards run notebooks/runs/buenos_aires_1994.yaml

validate: install-dev ## slow proofs, PART=published|size|gates|fuzz|kills|all
	@$(BIN)/python tools/validate.py $(PART)

bench: install-dev ## measured speed against its targets
	@$(BIN)/python tests/benchmarks/bench.py

lock: install-dev ## resolve pyproject.toml again into the two lock files
	$(UV_COMPILE) --extra install -o requirements.lock
	$(UV_COMPILE) --all-extras -c requirements.lock -o requirements-dev.lock

install:
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "No $(PYTHON) here. Install Python 3.11 or newer, or name yours: make PYTHON=/path/to/python findings" >&2; exit 2; }
	@$(PYTHON) tools/install.py requirements.lock

install-dev:
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "No $(PYTHON) here. Install Python 3.11 or newer, or name yours: make PYTHON=/path/to/python test" >&2; exit 2; }
	@$(PYTHON) tools/install.py requirements-dev.lock
