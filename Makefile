# Everything a person does with a checkout. `make` alone lists it.
.DEFAULT_GOAL := help
.PHONY: help setup serve test format docs lock
VENV := .venv/bin

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## prepare .venv with what the site needs, nothing else
	@scripts/bootstrap core insight

serve: setup ## prepare, then start the site (ARGS="--port 8001" and the like go through)
	@exec $(VENV)/milepost serve --demo-first-time $(ARGS)

test: ## prepare, then run all that CI runs (SECTIONS="lint types" runs some)
	@scripts/bootstrap core insight dev
	@scripts/chromium
	@exec $(VENV)/python scripts/gate $(SECTIONS)

format: ## put Python and templates into their written form
	@scripts/bootstrap core insight dev
	@$(VENV)/ruff format --quiet .
	@$(VENV)/ruff check --quiet --fix-only .
	@find milepost -path '*/templates/*' -name '*.html' -exec $(VENV)/djhtml --tabwidth 2 {} +

docs: ## build the documentation into docs/_build/html
	@scripts/bootstrap core insight dev
	@$(VENV)/python scripts/gate docs

# The files name no registry: where packages come from is the machine's business. They hold for every platform and for
# Python 3.12 and newer. `make lock UPGRADE=--upgrade` moves to the newest versions that requirements/*.in allow.
COMPILE = $(VENV)/uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links $(UPGRADE)
lock: setup ## work out requirements/*.txt anew
	$(COMPILE) requirements/bootstrap.in -o requirements/bootstrap.txt
	$(COMPILE) requirements/core.in -o requirements/core.txt
	$(COMPILE) -c requirements/core.txt requirements/insight.in -o requirements/insight.txt
	$(COMPILE) -c requirements/core.txt -c requirements/insight.txt requirements/dev.in -o requirements/dev.txt
