# Every command of this project. `make help` lists them; each sets up what it needs first, inside this folder only.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

RUN := toolchain/run
PIP_FLAGS := --quiet --disable-pip-version-check --no-input --require-hashes
# Download caches stay in the project: nothing outside it is read or written.
export npm_config_cache := $(CURDIR)/.cache/npm
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
export UV_CACHE_DIR := $(CURDIR)/.cache/uv

.PHONY: help
help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

## Set-up: stamps, so that an unchanged lock file costs nothing

.PHONY: check setup
check:
	@toolchain/check >/dev/null

setup: .venv/.stamp node_modules/.stamp ## Install the locked dependencies into .venv and node_modules (implied by the others)

node_modules/.stamp: package.json package-lock.json .npmrc | check
	@echo "Installing the npm packages of package-lock.json ..."
	@npm ci --ignore-scripts --no-fund --no-audit --loglevel=error
	@touch $@

.venv/.stamp: requirements.lock toolchain/bootstrap.lock pyproject.toml | check
	@echo "Installing the Python packages of requirements.lock ..."
	@"$$(toolchain/check)" -m venv .venv
	@.venv/bin/python -m pip install $(PIP_FLAGS) -r toolchain/bootstrap.lock
	@.venv/bin/uv pip sync --quiet --python .venv --require-hashes --no-build-isolation requirements.lock
	@.venv/bin/uv pip install --quiet --python .venv --no-deps --no-build-isolation --offline --editable .
	@touch $@

.PHONY: compile
compile: setup ## Compile the contracts
	@$(RUN) ape compile

.PHONY: lock
lock: | check ## Renew package-lock.json and requirements.lock from package.json and pyproject.toml
	toolchain/lock-npm.js
	"$$(toolchain/check)" -m venv .cache/lock
	.cache/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	.cache/lock/bin/uv $(UV_LOCK) toolchain/bootstrap.in --output-file toolchain/bootstrap.lock
	.cache/lock/bin/uv $(UV_LOCK) pyproject.toml toolchain/bootstrap.in --extra dev --overrides toolchain/overrides.txt --output-file requirements.lock

UV_LOCK := pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
