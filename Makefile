# Everything here works on a fresh machine: the set-up installs what is missing.
.PHONY: help run test test-unit test-networks test-training test-integration test-browser test-torch test-image test-fresh \
	coverage lint checks map tables dashboard bench bench-reading bench-trocr clean

VENV ?= .venv
export VENV
PYTHON = $(VENV)/bin/python
PYTEST = $(PYTHON) $(if $(COVERAGE),-m coverage run) -m pytest -q --durations=5
# beside the tests on a real Kafka, which take longest and come first
BESIDE = nice -n 10
# what runs side by side prints one after the other, where this make can do that
IN_PARALLEL = $(MAKE) --no-print-directory -k -j2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

help: ## show what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | column -t -s "$$(printf '\t')"

run: ## start everything and read the samples (UNTIL_IDLE=1: end once they are read)
	@deploy/setup.sh run
	@$(VENV)/bin/inkstream up --samples $(if $(UNTIL_IDLE),--until-idle || [ $$? -eq 4 ] # broken.pdf is to fail)

# the integration tests wait for Kafka most of the time: all others run beside them
test: ## all checks and all tests but torch's, those on a real Kafka included (COVERAGE=1: measured)
	@deploy/setup.sh test
	@$(if $(COVERAGE),rm -f .coverage .coverage.*)
	@$(IN_PARALLEL) test-integration lint test-unit test-networks test-training test-browser

test-unit: ## the tests that load no network and start no process
	@$(BESIDE) .ci/step unit $(PYTEST) tests/unit

test-networks: ## the shipped networks on drawn pages and on the sample documents
	@$(BESIDE) .ci/step networks $(PYTEST) tests/networks tests/documents

test-training: ## the tests of models/training, as far as they need no torch
	@$(BESIDE) .ci/step training $(PYTEST) tests/training

test-integration: ## the tests on a real Kafka and of processes
	@.ci/step integration $(PYTEST) -n 2 --dist loadfile tests/integration # a Kafka for each of the two

test-browser: ## the page in a real browser, on a real Kafka
	@.ci/step browser $(PYTEST) tests/browser

test-torch: ## the tests of what needs torch: the networks, their export, their training
	@deploy/setup.sh torch
	@.ci/step torch $(PYTEST) tests/torch

test-image: ## build deploy/Dockerfile and run compose's services in it (as root, on Debian; 5 minutes)
	@deploy/setup.sh test
	@.ci/step image $(PYTEST) tests/image

test-fresh: ## `make run` and `make test` on a new Debian that has Python and make only (as root; 20 minutes)
	@tests/fresh/run.sh

coverage: ## the share of lines that the last `make test COVERAGE=1` ran
	@$(PYTHON) -m coverage combine -q
	@$(PYTHON) -m coverage report

lint: ## ruff, mypy, import-linter
	@.ci/step lint $(MAKE) --no-print-directory checks

checks:
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check -q .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo >/dev/null || $(VENV)/bin/lint-imports --no-logo

map: ## draw deploy/docs/map.svg: the rooms and what they import
	$(PYTHON) -m deploy.map

dashboard: ## write deploy/grafana/inkstream.json, the Grafana dashboard, from its code
	$(PYTHON) -m deploy.grafana

tables: ## write the tables of settings and of SQL columns in deploy/docs/ from the code
	$(PYTHON) -m deploy.tables

bench: ## measure against peers on this machine; prints ratios
	@deploy/setup.sh test
	$(PYTHON) -m tests.bench

bench-reading: ## readers side by side on pages of yours (SETS="scans/ forms/=20" OUT=folder); clean print if none are named
	@deploy/setup.sh test
	$(PYTHON) -m tests.bench.readers $(if $(OUT),--out $(OUT)) $(SETS)

bench-trocr: ## TrOCR against transformers on the same lines; fails where a token differs
	@deploy/setup.sh torch
	$(PYTHON) -m tests.bench.trocr

clean: ## remove what the set-up and runs left here
	rm -rf .venv .venv-torch .inkstream build *.egg-info
