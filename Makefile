# `make demo` and `make test` work in a fresh checkout; both use .venv and make it where it is missing.
# Another interpreter: make PYTHON=python3.12 demo
PYTHON ?= python3
BIN := .venv/bin
# What takes long, or needs more than Python.
FAST := not slow and not slurm and not hosts and not cloud and not faults
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test test-all lint clean

demo: .venv/installed
	$(BIN)/sweep launch templates/digits-logistic-regression.yaml.j2
	$(BIN)/sweep report

# Two at a time, for many of them wait for processes of their own; a file's tests share what they set up.
test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "$(FAST)"

# MARKERS picks among the tests as pytest's -m does; empty is every test.
test-all: MARKERS ?=
test-all: lint
	$(BIN)/python -m pytest -m "$(MARKERS)"

lint: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Python 3.11, 3.12 or 3.13 is needed; this is %d.%d. Try: make PYTHON=python3.12 demo" % sys.version_info[:2])'
	# Without Debian's python3-venv this fails half-way, and what is left would count as made.
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

# The stamps keep a second run from installing again; the install is editable, so sources need none.
.venv/installed: pyproject.toml | .venv/bin/python
	@echo "installing into .venv, which takes a minute or two"
	$(PIP) --editable .
	@touch $@

.venv/installed-test: pyproject.toml | .venv/bin/python
	@echo "installing into .venv, which takes a minute or two"
	$(PIP) --editable '.[test]'
	@touch $@ .venv/installed
