# Landbridge's verbs. `make help` lists them. Each makes what it needs; Python 3.11 or newer and make are enough.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast check format run up sandbox bench constraints schema clean

help: ## List every verb
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing into $(VENV) (a minute or two, the first time only) ..."
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)

demo: $(READY) ## Watch the whole job on a made-up world, twice (options: DEMO="--people 500 --faults 10%")
	@$(BIN)/landbridge demo $(DEMO)

test: $(READY) ## Run every test, slow ones too (options: TEST="-k push")
	@$(BIN)/python -m pytest -n auto --dist worksteal $(TEST)

test-fast: $(READY) ## Run the tests that take seconds
	@$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow" $(TEST)

check: $(READY) ## Lint, types and the law of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(READY) ## Format the code and mend what the linter can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

run: $(READY) ## Run the whole line once, with ./landbridge.yaml
	@$(BIN)/landbridge run

up: $(READY) ## Start database, Prefect, schedules and (when configured) the sandbox
	@$(BIN)/landbridge up

sandbox: $(READY) ## Play the outside systems on this machine
	@$(BIN)/landbridge sandbox

bench: $(READY) ## Measure (options: BENCH=line|landing|identity)
	@$(BIN)/python -m benchmarks.$(or $(BENCH),landing)

schema: $(READY) ## Write the JSON Schemas that editors use for mappings/
	@$(BIN)/python -m landbridge.schemas

constraints: $(READY) ## Pin every dependency anew
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 --universal --no-annotate --no-emit-index-url \
		--custom-compile-command "make constraints" --extra dev --extra spark pyproject.toml --output-file constraints.txt

clean: ## Remove what these verbs made, the data folder .landbridge too
	@rm -rf $(VENV) .landbridge .pytest_cache .mypy_cache .ruff_cache .hypothesis
