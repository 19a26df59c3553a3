# Second Zero. `make help` says what each target is for.

PYTHON ?= python3
BIN := .venv/bin
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm --no-audit --no-fund --no-update-notifier --loglevel=error
# The locks name all there is to install, so that nothing is left to resolve.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes
# uv takes a fifth of the time, and trusts whom the machine trusts; where it reaches no index, pip has ways of its own.
UV := $(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python --require-hashes
pinned = $(foreach name,$(1),-r requirements/$(name).txt)
install = $(UV) $(pinned) || $(PIP) $(pinned)
LOCKS := runtime demo dev audio gpu node uv

# Each module is compiled once, by the first who imports it; most of what is installed is never imported.
export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-all check bench lock drill

help:  ## one line for each target
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup:  ## .venv with everything demo and tests need
	@$(MAKE) --silent --jobs 2 .venv/demo .venv/dev node_modules/ready

.venv/demo: .venv/runtime web/static/vendor/ready .venv/translations
	@touch $@

.venv/runtime: requirements/uv.txt requirements/runtime.txt requirements/demo.txt
	@$(PYTHON) -c 'import sys; sys.exit("Second Zero needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	@echo "Installing into .venv, which takes a minute the first time"
	@$(PYTHON) -m venv .venv
	@$(PIP) $(call pinned,uv)
	@$(call install,runtime demo)
	@touch $@

.venv/dev: .venv/runtime requirements/dev.txt | web/static/vendor/ready
	@echo "Installing what tests and checks need"
	@$(call install,dev)
	@touch $@

# Node and npm are the machine's, or come from a wheel.
web/static/vendor/ready: package.json package-lock.json | .venv/runtime
	@command -v npm > /dev/null || test -x $(BIN)/npm || $(call install,node)
	@$(NPM) ci --omit=dev
	@$(NPM) run --silent vendor
	@touch $@

node_modules/ready: package.json package-lock.json | web/static/vendor/ready
	@$(NPM) ci
	@touch $@

.venv/translations: $(wildcard web/translations/*/LC_MESSAGES/messages.po) | .venv/runtime
	@$(BIN)/pybabel --quiet compile --directory web/translations
	@touch $@

demo: .venv/demo  ## the whole story on this machine; ONCE=1 stops by itself
	@exec $(BIN)/python -W ignore:XDG_RUNTIME_DIR -m launch.demo $(if $(ONCE),--once)

run: .venv/demo  ## the real system from the environment and .env
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

drill: setup  ## the storm: CALLS=300 calls under kills, flushes and outages, then the invariants; SEED=1 draws it
	@exec $(BIN)/python -W ignore:XDG_RUNTIME_DIR -m tests.drill --calls $(or $(CALLS),300) --seed $(or $(SEED),1)

bench: setup  ## the benchmarks; CLIPS=FOLDER has its own speech transcribed
	$(BIN)/python -W ignore:XDG_RUNTIME_DIR -m benchmarks.journey
	$(BIN)/python -W ignore:XDG_RUNTIME_DIR -m benchmarks.stuck
	$(BIN)/python -W ignore:XDG_RUNTIME_DIR -m benchmarks.web
	$(BIN)/python -W ignore:XDG_RUNTIME_DIR -m benchmarks.overhead
	$(BIN)/python -W ignore:XDG_RUNTIME_DIR -m benchmarks.hosts
	$(BIN)/python -W ignore -m benchmarks.speech $(CLIPS)

lock: .venv/runtime  ## pin requirements/*.in anew
	cd requirements && for name in $(LOCKS); do ../$(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate --no-header $$name.in -o $$name.txt || exit 1; done
