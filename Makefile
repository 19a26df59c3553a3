# Second Zero. `make help` says what each target is for.

PYTHON ?= python3
BIN := .venv/bin
NPM := $(shell command -v npm || echo $(BIN)/npm)
LOCKS := runtime demo dev audio

.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-all check bench drill lock

help:  ## one line for each target
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/ready web/static/vendor/htmx.min.js .venv/translations  ## what demo and tests need, in .venv and node_modules

.venv/ready: requirements/runtime.txt requirements/demo.txt requirements/dev.txt
	$(PYTHON) -c 'import sys; sys.exit("Second Zero needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements/runtime.txt -r requirements/demo.txt -r requirements/dev.txt
	touch $@

node_modules/ready: package.json package-lock.json | .venv/ready
	PATH="$(CURDIR)/$(BIN):$$PATH" $(NPM) ci --no-audit --no-fund --loglevel=error
	touch $@

web/static/vendor/htmx.min.js: node_modules/ready
	mkdir -p $(@D)
	cp node_modules/htmx.org/dist/htmx.min.js $@

.venv/translations: $(wildcard web/translations/*/LC_MESSAGES/messages.po) | .venv/ready
	$(BIN)/pybabel --quiet compile -d web/translations
	touch $@

demo: setup  ## the whole story on this machine; ONCE=1 stops by itself
	@exec $(BIN)/python -W ignore:XDG_RUNTIME_DIR -m launch.demo $(if $(ONCE),--once)

run: setup  ## the real system from the environment and .env
	@exec $(BIN)/python -W ignore:XDG_RUNTIME_DIR -m launch.run

test: setup  ## the everyday tests
	$(BIN)/python -m pytest -m "not slow"

test-all: setup  ## the long ones too
	$(BIN)/python -m pytest --timeout 1800

check: setup  ## lint, types, import contracts, dependency audit
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python .ci/audit.py

lock: .venv/ready  ## pin requirements/*.in anew
	cd requirements && for name in $(LOCKS); do ../$(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate --no-header $$name.in -o $$name.txt || exit 1; done
