# `make demo` and `make test` work in a fresh checkout; both use .venv and make it where it is missing.
# Another interpreter: make PYTHON=python3.12 demo
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test test-all lint clean

demo: .venv/installed
	$(BIN)/sweep launch templates/digits-logistic-regression.yaml.j2
	$(BIN)/sweep report

test: lint
	$(BIN)/python -m pytest -m "not slow"

test-all: lint
	$(BIN)/python -m pytest

lint: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is %d.%d. Try: make PYTHON=python3.12 demo" % sys.version_info[:2])'
	$(PYTHON) -m venv .venv

# The stamps keep a second run from installing again; the install is editable, so sources need none.
.venv/installed: pyproject.toml | .venv/bin/python
	@echo "installing into .venv, which takes a minute or two"
	$(PIP) --editable .
	@touch $@

.venv/installed-test: pyproject.toml | .venv/bin/python
	@echo "installing into .venv, which takes a minute or two"
	$(PIP) --editable '.[test]'
	@touch $@ .venv/installed
