# Everything a newcomer needs: `make demo` shows it, `make test` proves it; both set themselves up.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Those of `UNITS` in tests/conftest.py; whatever is not among them runs in the long run.
UNIT := $(addprefix tests/,alertmanager cloudflare domain mitigations notifications prometheus \
  reconciler routers sensor settings store) $(wildcard tests/test_*.py) --ignore=tests/cloudflare/test_sdk_oracle.py

# Upstream's names of the Prometheus family come first, wherever they were found.
export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): pyproject.toml .ci/install
	@.ci/install "$(PYTHON)" "$(VENV)"
	@touch $@

.PHONY: install
install: $(READY) ## Make the virtual environment with everything in it

.PHONY: tools
tools: ## Find or unpack Prometheus, Alertmanager, node-exporter and their tools
	@.ci/tools

.PHONY: postgres
postgres: ## Find or unpack PostgreSQL for the tests
	@.ci/tools postgres

.PHONY: demo
demo: install tools ## See the main job: a real overload, Under Attack Mode on, and off again
	@$(BIN)/responder demo

.PHONY: demo-prefix
demo-prefix: install tools ## See a prefix: a flood, advertised by Cloudflare, and withdrawn after the calm
	@$(BIN)/responder demo --prefix

.PHONY: test
test: install tools check ## Run every check and every test
	@.ci/tools faketime
	@.ci/tools postgres
	@.ci/tools webservers || echo "the tests of real web servers are skipped" >&2
	@$(BIN)/pytest -n 2 -m "not integration and not e2e and not long" --dist worksteal -q $(UNIT)
	@$(BIN)/pytest -n 2 --dist loadfile -m "integration or e2e or long" -q

.PHONY: unit
unit: install ## Run the unit tests alone, in seconds
	@$(BIN)/pytest -n 2 -m "not integration and not e2e and not long" --dist worksteal -q $(UNIT)

.PHONY: check
check: install tools ## Lint, types, layers, rule files, Alertmanager configuration
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@promtool check rules --lint=all --lint-fatal $$(find rules -name '*.yml' -not -path 'rules/tests/*')
	@$(BIN)/responder rules check rules/
	@amtool check-config alertmanager/*.yml
	@amtool template render --template.glob='alertmanager/templates/*.tmpl' --template.type=html \
	  --template.text='{{ template "responder.telegram" . }}{{ template "responder.email.html" . }}' >/dev/null
	@amtool template render --template.glob='alertmanager/templates/*.tmpl' \
	  --template.text='{{ template "responder.slack.title" . }}{{ template "responder.slack.text" . }}' >/dev/null

.PHONY: lint
lint: install ## Lint and types only
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: format
format: install ## Format the code
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

.PHONY: dashboards
dashboards: install ## Generate the dashboards for Grafana
	@$(BIN)/python -m grafana.generator

.PHONY: coverage
coverage: install tools ## Measure how much of the code the tests reach
	@$(BIN)/pytest -m "not integration and not e2e" --cov=responder --cov-report=term-missing:skip-covered -q

.PHONY: audit
audit: install ## Ask whether a dependency is known to be vulnerable (needs the internet)
	@.ci/audit "$(PYTHON)" "$(VENV)"

.PHONY: clean
clean: ## Remove what was made, the tools and the virtual environment included
	rm -rf $(VENV) .tools .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
