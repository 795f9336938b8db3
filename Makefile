# Two commands are enough: `make run` and `make test`.

SHELL := /bin/sh
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
VENV := .venv/bin
# Each is touched when its requirements are installed, so that a half-done install is redone.
RUNTIME := .venv/.runtime
TOOLS := .venv/.tools
INSTALL := $(VENV)/python -m pip install --quiet --disable-pip-version-check

SPREAD := -n auto --dist loadgroup --max-worker-restart 0

.PHONY: help run test test-long lint types migrations-check bench

help:  ## This list.
	@sed -n 's/^\([a-z-]*\):.*##/  make \1\t/p' Makefile | expand -t 24

run: $(RUNTIME)  ## Start everything; the address is printed. Ctrl-C stops it.
	@exec $(VENV)/python -m config.local.run --under-make

test: $(TOOLS)  ## Every test that fits ten minutes, the browser's included.
	@$(VENV)/python -m tests.chromium
	@$(VENV)/python -m pytest $(SPREAD) -m "not long and not alone"; together=$$?; \
	$(VENV)/python -m pytest -m "not long and alone" && exit $$together

test-long: $(TOOLS)  ## Property, racing and kill runs.
	@$(VENV)/python -m pytest $(SPREAD) -m "long and not alone"; together=$$?; \
	$(VENV)/python -m pytest -m "long and alone" && exit $$together

lint: $(TOOLS)  ## Style, and whether the formatter agrees.
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .

types: $(TOOLS)  ## Types.
	@$(VENV)/mypy .

migrations-check: $(TOOLS)  ## Whether the models have changed without a migration.
	@$(VENV)/python manage.py makemigrations --check --dry-run

bench: $(TOOLS)  ## Load and latency numbers of this machine.
	@$(VENV)/python -m bench

$(RUNTIME): requirements.txt
	@test -n "$(PYTHON)" || { echo "Quayside needs Python 3.11 or newer with venv." >&2; exit 1; }
	@echo "Installing Quayside's requirements into .venv."
	@$(PYTHON) -m venv .venv
	@$(INSTALL) -r requirements.txt
	@touch $@

$(TOOLS): requirements-dev.txt $(RUNTIME)
	@echo "Installing the development tools into .venv."
	@$(INSTALL) -r requirements-dev.txt
	@touch $@
