# Everything here works on a fresh machine: the set-up installs what is missing.
.PHONY: help run test test-fresh test-torch lint bench bench-trocr clean

help: ## show what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | column -t -s "$$(printf '\t')"

run: ## start everything and read the samples (UNTIL_IDLE=1: end once they are read)
	@deploy/setup.sh run
	@.venv/bin/inkstream up --samples $(if $(UNTIL_IDLE),--until-idle)

test: ## all checks and all tests, those on a real Kafka included
	@deploy/setup.sh test
	@$(MAKE) --no-print-directory lint
	.venv/bin/python -m pytest -q

test-fresh: ## `make run` and `make test` on a new Debian that has Python and make only (as root; 20 minutes)
	@tests/fresh/run.sh

test-torch: ## the tests of what needs torch: the networks, their export, their published weights
	@deploy/setup.sh torch
	.venv/bin/python -m pytest -q tests/torch

lint:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check -q .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo >/dev/null || .venv/bin/lint-imports --no-logo

bench: ## measure against peers on this machine; prints ratios
	@deploy/setup.sh test
	.venv/bin/python -m tests.bench

bench-trocr: ## TrOCR against transformers on the same lines; fails where a token differs
	@deploy/setup.sh torch
	.venv/bin/python -m tests.bench.trocr

clean: ## remove what the set-up and runs left here
	rm -rf .venv .inkstream build *.egg-info
