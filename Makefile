# Every command of this project; `make` lists them. Each first sets up what it needs, inside this folder only, and finds
# it already there the next time. `toolchain/run COMMAND` runs anything else in the same environment.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

RUN := toolchain/run
# Of tests: one more than CI has cores, as a test waits for nodes and processes a third of its time.
WORKERS := 3
TESTS := tests
# Of jobs side by side, each one's output in one piece, where this make can.
SYNCED := $(if $(filter output-sync,$(.FEATURES)),--output-sync)

.PHONY: help
help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo 'Arguments go in ARGS: make demo ARGS="--store s3", make test ARGS="-k splitter"'

.PHONY: demo play test
demo: setup ## Play the whole life of a Data DAO on a local node, with real encrypted data
	@$(RUN) toolchain/compile --local
	@$(RUN) ape run demo $(ARGS)

play: setup ## Start a DAO that stays, with named roles and ten commands to try; ARGS="wait 3d", ARGS=stop
	@$(RUN) toolchain/compile --local
	@$(RUN) ape run play $(ARGS)

test: setup ## Lint, compile and run all tests: what CI runs
	@$(RUN) python -c "import pyrevm" 2>/dev/null || { \
		echo "datadao: the property tests need pyrevm, which has no build for this Python:" \
			"make clean, then PYTHON=python3.12 make test" >&2; exit 1; }
	@$(MAKE) --no-print-directory --jobs 2 $(SYNCED) ARGS= lint .cache/.imported
	@$(RUN) ape test $(TESTS) --network ethereum:local:foundry -n $(WORKERS) --dist loadfile --no-loadscope-reorder \
		--durations 10 $(ARGS)

# Once, by one process: in a new clone each worker would compile every module for itself, all of them at the same time.
.cache/.imported: .venv/.stamp | compile
	@$(RUN) python -m pytest -p no:ape_test -p no:cacheprovider --collect-only --quiet $(TESTS) >/dev/null 2>&1 && \
		touch $@ || true

.PHONY: prove
prove: setup .cache/prove/.stamp ## Prove the arithmetic for all inputs, and refute the broken twins
	@$(RUN) .cache/prove/bin/python -m tests.symbolic.prove $(ARGS)

.PHONY: audit
audit: setup .cache/prove/.stamp .cache/slither/.stamp ## Try everything an auditor would, in a quarter of an hour, with a report to read
	@$(RUN) toolchain/compile
	@$(RUN) python -m assurance.audit $(ARGS)

.PHONY: compile lint fmt gas bench ratios baseline newest findings interfaces wallets pack page reference
compile: setup ## Compile the contracts
	@$(RUN) toolchain/compile $(ARGS)

lint: setup ## Check formatting, linting and types of contracts, client, scripts and tests
	@$(RUN) toolchain/lint

fmt: setup ## Format contracts and Python, and mend what the linter can
	@$(RUN) forge fmt contracts assurance/bench/forge tests/symbolic
	@$(RUN) ruff check --quiet --fix-only assurance datadao deployer examples scripts tests
	@$(RUN) ruff format --quiet assurance datadao deployer examples scripts tests

gas: setup ## Measure the gas of every function beside other systems; ARGS=--write records it
	@$(RUN) toolchain/compile
	@$(RUN) ape run gas $(ARGS)

bench: setup ## Measure the speed of state machines, forge on the same contracts, and the data plane
	@$(RUN) toolchain/compile
	@$(RUN) python -m assurance.bench.speed $(ARGS)

ratios: setup ## Measure this edition beside the first; ARGS="--rows test --write" the long rows, and records them
	@toolchain/baseline >/dev/null
	@$(RUN) toolchain/compile
	@$(RUN) python -m assurance.bench.speed.ratios $(ARGS)

newest: setup ## Try the client's core on the newest web3 and eth-account; ON=python3.13 on another Python
	@PYTHON="$(ON)" toolchain/newest $(ARGS)

baseline: ## Build the first edition beside this one, in .baseline: what ratios are measured against, in one run
	@toolchain/baseline

findings: | check ## Show what other software does unexpectedly; fails when it no longer does. ARGS=NAME for one
	@toolchain/findings $(ARGS)

interfaces: setup ## Export the ABIs to interfaces/, and to erc7730/ what wallets show
	@$(RUN) toolchain/compile
	@$(RUN) ape run export_abis $(ARGS)
	@$(MAKE) --no-print-directory wallets

wallets: setup ## Write erc7730/, what wallets show of calls and messages, and lint it by the standard's schema; ARGS=--check
	@$(RUN) toolchain/compile
	@$(RUN) ape run clear_signing $(ARGS)
	@for file in erc7730/*-*.json; do set -- "$$@" --instance "$$file"; done; \
		PYTHONWARNINGS=ignore $(RUN) jsonschema "$$@" tests/data/erc7730/schema.json

pack: setup ## Build the npm package, the Python wheel and the members' page of a release into dist/
	@$(RUN) ape run pack $(ARGS)

page: setup ## Build the members' page into web/dist, the same bytes each time; ARGS="--config FILE" for a DAO
	@$(RUN) node web/build.mjs $(ARGS)

reference: setup ## Write docs/reference.md from the docstrings of the client's core
	@$(RUN) griffe2md datadao --output docs/reference.md

.PHONY: shell lock clean
shell: setup ## Open a shell with the project's tools on PATH
	@$(RUN) env PS1='(datadao) \w \$$ ' bash --noprofile --norc -i || true

# package.json and pyproject.toml say what is wanted, the lock files what is installed, by hash and without addresses.
UV_COMPILE := .cache/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header $(ARGS)
lock: | check ## Renew the lock files; ARGS=--upgrade takes newer Python packages
	@toolchain/lock-npm.js
	@"$$(toolchain/check)" -m venv .cache/lock
	@.cache/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	@$(UV_COMPILE) toolchain/bootstrap.in --output-file toolchain/bootstrap.lock
	@$(UV_COMPILE) toolchain/prove.in --output-file toolchain/prove.lock
	@$(UV_COMPILE) toolchain/slither.in --output-file toolchain/slither.lock
	@$(UV_COMPILE) pyproject.toml toolchain/bootstrap.in --extra dev --overrides toolchain/overrides.txt \
		--output-file requirements.lock

clean: ## Remove everything installed, built or cached here, but no key
	@toolchain/clean

# Set-up. The stamps are newer than the lock files, or the environment is brought up to date. Download caches stay in
# the project, so that nothing outside it is written.
export npm_config_cache := $(CURDIR)/.cache/npm
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
export UV_CACHE_DIR := $(CURDIR)/.cache/uv

.PHONY: check setup
check:
	@toolchain/check >/dev/null

setup: ## Install the locked packages into .venv and node_modules (the others imply it)
	@$(MAKE) --no-print-directory --jobs=2 installed

.PHONY: installed
installed: .venv/.project node_modules/.stamp

node_modules/.stamp: package.json package-lock.json .npmrc | check
	@echo "Installing the npm packages of package-lock.json ..."
	@npm ci --ignore-scripts --loglevel=error >/dev/null
	@$(RUN) anvil --version >/dev/null
	@touch $@

# Without build isolation: the back ends are locked too, and come with bootstrap.lock.
.venv/.stamp: requirements.lock toolchain/bootstrap.lock | check
	@echo "Installing the Python packages of requirements.lock ..."
	@"$$(toolchain/check)" -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r toolchain/bootstrap.lock
	@.venv/bin/uv pip sync --quiet --python .venv --require-hashes --no-build-isolation requirements.lock
	@touch $@

# The project itself, whose commands pyproject.toml names.
.venv/.project: pyproject.toml .venv/.stamp
	@.venv/bin/uv pip install --quiet --python .venv --no-deps --no-build-isolation --offline --editable .
	@touch $@

# Halmos and Slither, each in an environment of its own.
.cache/%/.stamp: toolchain/%.lock .venv/.stamp | check
	@echo "Installing the packages of toolchain/$*.lock ..."
	@"$$(toolchain/check)" -m venv .cache/$*
	@.venv/bin/uv pip sync --quiet --python .cache/$* --require-hashes toolchain/$*.lock
	@touch $@
