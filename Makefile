# `make audit` and `make test` set up what they need; both may be run again at any time.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PROMPT ?= a portrait of a doctor

# Pins hold for build-time requirements too, so nothing unpinned is ever fetched.
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: setup audit test lint format clean

setup: $(VENV)/.installed

# torch first and alone, at its pinned version, so that no other requirement can choose one.
KERNEL := src/catoptric/models/spectral/kernel.c

$(VENV)/.installed: pyproject.toml setup.py constraints.txt $(KERNEL)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet torch
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

# k-diffusion is a peer that the tests compare with. Its own requirements are training tools
# that its sampling file does not need, hence --no-deps.
$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	$(BIN)/python -m pip install --quiet --no-deps k-diffusion
	touch $@

audit: setup
	$(BIN)/catoptric audit "$(PROMPT)"

# A file of tests at a time on each core, so that what its tests share is made once.
test: $(VENV)/.installed-test
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build *.egg-info src/*.egg-info .mypy_cache .ruff_cache .pytest_cache
