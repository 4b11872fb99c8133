# Everything a newcomer types. Needs Python 3.11 or newer, make and a package index;
# the rest is installed into .venv on the first call and left alone afterwards.
#
#   make demo PYTHON=/usr/bin/python3.12     to choose the interpreter
#   make test PYTEST_ARGS="-k store"         to pass options on to pytest

SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
STAMP := $(VENV)/installed
PYTHON ?=
PYTEST_ARGS ?=
# A process a core, each with one thread: threads of small tests only wait for each other.
PYTEST = OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto

MLFLOW_DISABLE_TELEMETRY ?= true
export MLFLOW_DISABLE_TELEMETRY
# Where Python may not keep what it has compiled, each process compiles torch anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install demo test fast check format bench ui constraints clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

install: $(STAMP)  ## set up .venv (the other targets do it by themselves)

demo: $(STAMP)  ## compare the five transfer cases on real images, from start to winner
	$(BIN)/hybridml demo

test: $(STAMP)  ## run the whole test suite, without what needs the internet
	$(PYTEST) -m "not network" $(PYTEST_ARGS)

fast: $(STAMP)  ## run the tests that take seconds
	$(PYTEST) -m "not slow and not network" $(PYTEST_ARGS)

check: $(STAMP)  ## lint, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)  ## repair what lint and formatting can repair by themselves
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)  ## run every benchmark, one after the other
	@shopt -s nullglob; scripts=(benchmarks/bench_*.py); \
	(($${#scripts[@]})) || { echo "There is no benchmarks/bench_*.py." >&2; exit 1; }; \
	for script in "$${scripts[@]}"; do \
	    echo "== $$script"; $(BIN)/python "$$script" || exit; \
	done

ui: $(STAMP)  ## open the MLflow UI on the runs of this folder
	$(BIN)/hybridml ui

constraints: $(UV)  ## pin the newest versions of all dependencies in constraints.txt
	$(UV) pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	    --upgrade --no-annotate --no-emit-index-url --no-emit-find-links --quiet \
	    --custom-compile-command "make constraints" --output-file constraints.txt

clean:  ## remove .venv, caches and build products; recorded MLflow runs stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One interpreter, uv inside its venv, then the package with its development tools: each
# step is repeated when the one before it was. pyvenv.cfg stands for the interpreter, a
# link whose age is that of the system's Python; where the link leads nowhere, it is redone.

$(VENV)/pyvenv.cfg: $(shell test -x $(BIN)/python || echo no-interpreter)
	@for python in $(or $(PYTHON),python3.11 python3.12 python3.13 python3); do \
	    if "$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' \
	        2>/dev/null; then \
	        echo "Creating $(VENV) with $$("$$python" --version) ($$python)"; \
	        exec "$$python" -m venv --clear $(VENV); \
	    fi; \
	done; \
	echo "No Python 3.11 or newer with the venv module was found" \
	    "(tried: $(or $(PYTHON),python3.11 python3.12 python3.13 python3))." \
	    "Install one, or name it: make PYTHON=/path/to/python3" >&2; \
	exit 1

.PHONY: no-interpreter
no-interpreter:

$(UV): $(VENV)/pyvenv.cfg
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@touch $@

$(STAMP): pyproject.toml constraints.txt $(UV)
	@$(UV) pip install --python $(BIN)/python --constraint constraints.txt --editable '.[dev]' \
	    || { echo "uv could not install the packages. To use an index of your own, set" \
	         "UV_DEFAULT_INDEX or write a uv.toml: uv does not read pip's settings." >&2; exit 1; }
	@touch $@
