# SPDX-License-Identifier: EUPL-1.2
# The commands of the workshop. `make` alone lists them.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

PORT ?= 8000
JOBS ?= 2
DURATION ?= 180
PYTHON := .venv/bin/python
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))
PAGES := $(shell find static/ts static/css -type f)
export JOBS

.PHONY: help run test check fix faults bench fuzz vectors messages screenshots corpus locks clean setup dev

help:  ## List these commands
	@sed -nE 's/^([a-z]+):.*  ## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

run: setup  ## Set up, fill with demo data, serve at http://127.0.0.1:8000 (PORT=…)
	@exec $(PYTHON) manage.py up --migrate --demo --port $(PORT)

test: dev  ## Everything, on SQLite, on PostgreSQL and Redis, and in Chromium
	@tools/system_packages.sh
	@$(PYTHON) -m tools.full_test

check: dev  ## The fast half: format, lint, types, imports, migrations, unit tests
	@$(PYTHON) -m tools.gates
	@$(PYTHON) -m pytest --quiet --numprocesses $(JOBS) -m "not e2e and not slow"

fix: dev  ## Format, and repair what the linters know how to repair
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	find templates -name '*.html' -exec .venv/bin/djade --target-version 5.2 {} +
	npx eslint --fix static/ts tests/ts
	npx prettier --write --log-level warn static/ts tests/ts

faults: dev  ## Kill, cut and fill disks in earnest; writes its dated figures to docs/faults.md
	@tools/system_packages.sh
	@$(PYTHON) -m tools.faults

bench: dev  ## Measure beside peers; prints ratios, writes build/bench.json
	@tools/system_packages.sh
	@$(PYTHON) -m tools.bench

fuzz: dev  ## Fuzz the assessment of certificates, three minutes (DURATION=seconds)
	@$(PYTHON) -m tools.fuzz --seconds $(DURATION)

vectors: dev  ## Make the known answers of tests/vectors/ again
	$(PYTHON) -m tools.make_vectors

messages: dev  ## Bring the French catalogue up to date with the source (needs gettext)
	$(PYTHON) -m django makemessages --locale fr --no-obsolete --no-wrap --add-location file \
	  --ignore '.venv/*' --ignore 'build/*' --ignore 'node_modules/*' --ignore 'tests/*'

screenshots: dev  ## Take the pictures of the README and the guide again
	@tools/system_packages.sh
	SIGILLE_SCREENSHOTS=1 $(PYTHON) -m pytest --quiet -m e2e

corpus: setup  ## Sweep the signature validator over CORPUS=DIR
	@$(PYTHON) -m tools.corpus $(CORPUS)

locks: dev  ## Resolve the dependencies again; says nothing of where they came from
	.venv/bin/uv pip compile requirements/base.in $(UV_FLAGS) -o requirements.txt
	.venv/bin/uv pip compile requirements/dev.in $(UV_FLAGS) -o requirements-dev.txt
	npm install --package-lock-only

clean:  ## Remove all that was installed or built; the data stay
	rm -rf .venv node_modules build static/dist staticfiles locale/*/LC_MESSAGES/*.mo

UV_FLAGS := --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-emit-find-links --no-header --quiet

# What is set up. A stamp is as old as what it was made from, or newer.

setup: .venv/.runtime static/dist/.built $(CATALOGUES)
dev: .venv/.development setup

.venv/.runtime: requirements.txt
	@tools/install_python.sh $<
	@touch $@

.venv/.development: requirements-dev.txt .venv/.runtime
	@tools/install_python.sh $<
	@touch $@

node_modules/.installed: package-lock.json .npmrc
	@tools/install_node.sh
	@touch $@

static/dist/.built: node_modules/.installed esbuild.config.js $(PAGES)
	@npm run --silent build
	@mkdir -p $(@D) && touch $@

%.mo: %.po .venv/.runtime
	@.venv/bin/pybabel --quiet compile --input-file $< --output-file $@
