# The ways of working with fer-exp. `make` alone lists them.
#
#   make test PYTHON=python3.13    another interpreter for a new .venv
#   make test VENV=/path/to/venv   another environment, made if it is not there
#   make table-noise SCALE=small ARGS='dataset=ferplus dataset.root=DIR'

VENV ?= .venv
CONSTRAINTS ?= constraints.txt
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# The first interpreter that runs (a pyenv shim may lie on the path and refuse), is 3.11 to 3.13, and can make environments
# with pip in them (Debian splits that off into python3-venv). Looked for only when an environment has to be made.
SUPPORTED := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for python in python3.12 python3.11 python3.13 python3; do \
	if $$python -c '$(SUPPORTED)' >/dev/null 2>&1; then echo $$python; break; fi; done)

# Two test processes on two cores; one torch thread each, or they fight over the cores. A file stays whole, so that
# what its tests share is made once; files with slow tests begin (tests/conftest.py). Compiled code is kept, where a
# container forbids it, too: tests start hundreds of processes.
WORKERS ?= auto
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses $(WORKERS) --maxprocesses 8 --dist loadfile --no-loadscope-reorder

# What to test: every folder of tests and every docstring, if this is empty.
TESTS ?=

SCALE ?= smoke
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install demo table-cafe table-noise table-affectnet reproduce verify notebook docs docs-links test test-fast test-lowest campaign lint type-check format all-checks clean

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP)  ## make .venv and install fer-exp and its development tools into it

demo: $(STAMP)  ## train on the built-in faces with the defaults (CPU, a few minutes)
	$(BIN)/fer-exp train

table-cafe: $(STAMP)  ## cafe-soft: a crowd against a lab, one-hot against soft labels
	$(BIN)/fer-exp table study=cafe-soft scale=$(SCALE) $(ARGS)

table-noise: $(STAMP)  ## noisy-labels: accuracy by method and rate of wrong labels
	$(BIN)/fer-exp table study=noisy-labels scale=$(SCALE) $(ARGS)

table-affectnet: $(STAMP)  ## affectnet-crowd: weak and full training against a crowd
	$(BIN)/fer-exp table study=affectnet-crowd scale=$(SCALE) $(ARGS)

reproduce: $(STAMP)  ## all three tables at smoke, on the built-in faces
	$(MAKE) --keep-going table-cafe table-noise table-affectnet SCALE=smoke ARGS=

verify: $(STAMP)  ## compute every published number again: tables of results/, README, docs
	OMP_NUM_THREADS=1 $(BIN)/fer-exp verify

notebook: $(STAMP)  ## run docs/verdict.ipynb anew, and keep what it shows (a minute or two)
	OMP_NUM_THREADS=1 $(BIN)/python scripts/notebook.py

docs: $(STAMP)  ## build the documentation as a site in build/docs; a warning or a link that leads nowhere fails
	$(BIN)/python scripts/docs.py

docs-links: $(STAMP)  ## ask the network whether the external links of the documentation still lead somewhere
	$(BIN)/python scripts/docs.py linkcheck

test: $(STAMP)  ## run every test and every example in a docstring
	$(PYTEST) $(TESTS)

test-fast: $(STAMP)  ## the same without the slow tests
	$(PYTEST) -m "not slow" $(TESTS)

# A second environment, with a torch of its own: 5 GB and some minutes the first time.
test-lowest:  ## test cli, training and judging with the oldest versions that pyproject.toml allows, in .venv-lowest
	$(MAKE) test VENV=.venv-lowest CONSTRAINTS=constraints-lowest.txt TESTS='tests/cli tests/training tests/judging'

# Goes on where it was stopped, as long as CAMPAIGN is there; ARGS='kills seed=1' tries one kind, with other draws.
CAMPAIGN ?= .campaign
campaign: $(STAMP)  ## try faults: bad requests, mutated files, kills, full disks, limits (half an hour; docs/reliability.md)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.faults.campaign place=$(CAMPAIGN) $(ARGS)

lint: $(STAMP)  ## check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

type-check: $(STAMP)  ## check types
	$(BIN)/mypy

format: $(STAMP)  ## rewrite the code in the project's format
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

all-checks: lint type-check verify docs test test-lowest  ## what CI asks

clean:  ## remove build products and caches (.venv, data and runs stay)
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache
	find . -path './.*' -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# Renewed when a dependency changes. A half-made environment is completed; a finished one is left alone.
$(STAMP): pyproject.toml $(CONSTRAINTS)
	@if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		if [ -z "$(PYTHON)" ]; then \
			echo "make: no python3.11, python3.12 or python3.13 with venv and ensurepip found:" \
				"install one, or name it with PYTHON=/path/to/python." >&2; exit 1; fi; \
		if ! $(PYTHON) -c '$(SUPPORTED)' >/dev/null 2>&1; then \
			echo "make: $(PYTHON) does not run, is not Python 3.11 to 3.13, or lacks venv:" \
				"name another with PYTHON=/path/to/python." >&2; exit 1; fi; \
		$(PYTHON) -m venv $(VENV); fi
	@if ! { $(BIN)/python -c '$(SUPPORTED)' && $(BIN)/python -m pip --version; } >/dev/null 2>&1; then \
		echo "make: the Python of $(VENV) does not run, is not 3.11 to 3.13, or has no pip:" \
			"remove $(VENV), or name another place with VENV=." >&2; exit 1; fi
	@echo "Installing fer-exp into $(VENV). The first time this fetches PyTorch, several GB, and takes some minutes." >&2
	$(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check \
		--constraint $(CONSTRAINTS) --editable '.[dev]'
	@touch $@
