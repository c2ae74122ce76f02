# Everything starts here; bare `make` prints the verbs. Set-up is part of each verb: a fresh clone needs only
# Python 3.11 with venv, Go, root (or Docker and kind), and access to the package registries.

PYTHON ?= python3.11
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
CHECKED := operator/greffon operator/runners tests plugins
.DEFAULT_GOAL := help

.PHONY: help
help: ## print these verbs
	@awk -F':.*## ' '/^[a-z][a-z0-9-]*:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements.lock pyproject.toml
	@echo "== Python packages into $(VENV) (hash-pinned)"
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is not there; install Python 3.11, or name another with PYTHON=…" >&2; exit 2; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.PHONY: demo
demo: $(STAMP) ## bring everything up and show the main road: apply, isolate, change, delete
	@$(PY) -m tests.demo

.PHONY: test
test: lint unit e2e ## every check and every test, end-to-end ones included

.PHONY: lint
lint: $(STAMP) ## ruff, mypy --strict, import contracts
	@echo "== lint"
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@PYTHONPATH=operator $(VENV)/bin/lint-imports

.PHONY: tools
tools: # the programs that the samples' scripts call
	@missing=""; for tool in bash curl jq openssl setsid; do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "== installing$$missing"; apt-get -qq update && apt-get -qq install -y --no-install-recommends $$(echo "$$missing" | sed s/setsid/util-linux/); \
	else echo "make: the tests of the samples need$$missing; please install" >&2; exit 2; fi

.PHONY: unit
unit: $(STAMP) tools binaries ## tests that need no cluster (some start an API server of their own)
	@echo "== tests without a cluster"
	@$(PY) -m pytest -n 2 tests/unit tests/contract tests/reconcile plugins

.PHONY: e2e
e2e: $(STAMP) cluster images ## tests on the real cluster, and with faults
	@echo "== tests on the cluster"
	@$(PY) -m pytest -n 4 --dist worksteal --durations 12 -m "not alone" tests/cluster tests/e2e tests/fault
	@$(PY) -m pytest --durations 12 -m alone tests/cluster tests/e2e tests/fault

.PHONY: binaries
binaries: $(STAMP) # the programs that the harness starts, built once and kept outside the tree
	@$(PY) -m tests.cluster binaries

.PHONY: cluster
cluster: $(STAMP) ## bring the test cluster up (or find it running)
	@$(PY) -m tests.cluster up

.PHONY: cluster-down
cluster-down: $(STAMP) ## take the test cluster away, leaving nothing behind
	@$(PY) -m tests.cluster down

.PHONY: images
images: $(STAMP) ## build the operator and runner images
	@$(PY) -m tests.cluster images

.PHONY: chart
chart: $(STAMP) ## lint and package the Helm charts into dist/
	@$(PY) -m tests.cluster.charts

.PHONY: docs
docs: $(STAMP) ## regenerate what is generated: API and CLI reference, copies of the CRDs in the chart
	@PYTHONPATH=operator $(PY) -m greffon.estate.crd_reference --write
	@PYTHONPATH=operator $(PY) -m greffon.cli.reference --write
	@$(PY) -m tests.contract.chart_files

.PHONY: bench
bench: $(STAMP) binaries ## measure: 1,000 plug-ins against 1,000 plain Deployments
	@$(PY) -m tests.bench.thousand

.PHONY: clean
clean: ## remove what was built in this tree (the cluster and the caches stay)
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
