# Zorgsluis. `make run` shows the whole of it; `make help` lists the rest.

CARGO ?= cargo
ARGS ?=
PYTHON_ENV ?= $(HOME)/.cache/zorgsluis/python
PYTHON := $(PYTHON_ENV)/installed
export ZORGSLUIS_PYTHON ?= $(PYTHON_ENV)/bin/python
NEXTEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo yes)

.PHONY: help run test lint fmt deny bench fuzz validate

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

run: ## The demo: everything in one process (ARGS=--once ends it after the events)
	$(CARGO) run --quiet -p zorgsluis -- demo $(ARGS)

test: $(PYTHON) ## All tests (needs python3 and openssl 3 beside Rust)
ifeq ($(NEXTEST),yes)
	$(CARGO) nextest run --workspace
	$(CARGO) test --quiet --workspace --doc
else
	$(CARGO) test --quiet --workspace
endif

# The SMTP relay that the tests of the notifier send to.
$(PYTHON):
	python3 -m venv $(PYTHON_ENV)
	$(PYTHON_ENV)/bin/pip install --quiet --disable-pip-version-check aiosmtpd==1.4.6
	touch $@

lint: ## Format, clippy, rustdoc, licences and sources of the dependencies
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --quiet -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --quiet
	$(MAKE) deny

deny: ## Licences, bans and sources of the dependencies
	@$(CARGO) deny --version >/dev/null 2>&1 || $(CARGO) install --locked --quiet cargo-deny
	$(CARGO) deny --log-level error check bans licenses sources

fmt: ## Format everything
	$(CARGO) fmt --all

bench: ## The figures of docs/benchmarks.md
	./tests/bench.sh $(ARGS)

fuzz: ## Each fuzz target for SECONDS (60)
	./fuzz/all $(or $(SECONDS),60)
