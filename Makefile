# Zorgsluis. `make run` shows the whole of it; `make help` lists the rest.

CARGO ?= cargo
ARGS ?=
PYTHON_ENV ?= $(HOME)/.cache/zorgsluis/python
PYTHON := $(PYTHON_ENV)/installed
export ZORGSLUIS_PYTHON ?= $(PYTHON_ENV)/bin/python
INFRA := infra/node_modules/.package-lock.json
TARGET := $(or $(CARGO_TARGET_DIR),target)
# The everyday tests and `make run` compile no SDK of AWS: that would cost ten CPU minutes.
EVERYDAY := --workspace --exclude zorgsluis-aws --no-default-features
NEXTEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo yes)

.PHONY: help run test test-infra lint lint-infra fmt deny bench fuzz e2e e2e-build synth

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

run: ## The demo: everything in one process (ARGS=--once ends it after the events)
	$(CARGO) run --quiet -p zorgsluis -- demo $(ARGS)

test: $(PYTHON) test-infra ## All tests but those of AWS (needs python3, openssl 3 and Node 20 beside Rust)
ifeq ($(NEXTEST),yes)
	$(CARGO) nextest run $(EVERYDAY)
	$(CARGO) test --quiet $(EVERYDAY) --doc
else
	$(CARGO) test --quiet $(EVERYDAY)
endif

test-infra: $(INFRA) $(PYTHON) ## The infrastructure: its properties, snapshot and rules
	cd infra && npm test --silent

# The SMTP relay, MiniStack and what else the tests need of Python.
$(PYTHON): tests/requirements.txt
	python3 -m venv $(PYTHON_ENV)
	$(PYTHON_ENV)/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

$(INFRA): infra/package-lock.json
	cd infra && npm ci --silent --no-audit --no-fund
	touch $@

e2e: $(PYTHON) e2e-build ## The adapters and the real functions on MiniStack (ARGS go to pytest)
	$(CARGO) test --quiet -p zorgsluis-aws
	cd tests/e2e && ZORGSLUIS_BINARIES="$(abspath $(TARGET))/debug" $(PYTHON_ENV)/bin/python -m pytest -q -n 2 $(ARGS)

# The functions as they are deployed but for optimisation, the listener of the container, the stand-ins, and the
# command line that reads AWS.
e2e-build:
	$(CARGO) build --quiet --bins -p zorgsluis-ingest -p zorgsluis-converter -p zorgsluis-enricher \
	  -p zorgsluis-notifier -p zorgsluis-audit-writer -p zorgsluis-listener -p zorgsluis-stand-ins \
	  -p zorgsluis --features zorgsluis/aws

synth: $(INFRA) ## The templates of the infrastructure, offline, into infra/cdk.out
	cd infra && npm run --silent synth -- --quiet

lint: lint-infra ## Format, clippy, rustdoc, TypeScript, licences and sources of the dependencies
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --features zorgsluis/aws --quiet -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --quiet
	$(MAKE) deny

lint-infra: $(INFRA)
	cd infra && npm run --silent lint

deny: ## Licences, bans and sources of the dependencies
	@$(CARGO) deny --version >/dev/null 2>&1 || $(CARGO) install --locked --quiet cargo-deny
	$(CARGO) deny --log-level error check bans licenses sources

fmt: ## Format everything
	$(CARGO) fmt --all

bench: ## The figures of docs/benchmarks.md
	./tests/bench.sh $(ARGS)

fuzz: ## Each fuzz target for SECONDS (60)
	./fuzz/all $(or $(SECONDS),60)

# What follows is about the functions. Where the target of ARM is installed: make build ARCH=arm64
ARCH ?= x86-64
LAMBDA := $(abspath $(TARGET))/lambda
BUILD_TOOLS := $(PYTHON_ENV)/build-tools
PACKAGES := $(foreach name,ingest converter enricher notifier audit-writer,-p zorgsluis-$(name) --bin $(name))

.PHONY: build invoke bench-functions deploy

build: $(BUILD_TOOLS) ## The functions as they are deployed, into target/lambda/NAME/bootstrap, with their sizes
	PATH="$(abspath $(PYTHON_ENV))/bin:$$PATH" $(CARGO) lambda build --release --$(ARCH) --skip-target-check $(PACKAGES) \
	  --lambda-dir $(LAMBDA)
	$(PYTHON_ENV)/bin/python tests/bench-functions.py --sizes --bootstraps $(LAMBDA)

$(BUILD_TOOLS): $(PYTHON) tests/requirements-build.txt
	$(PYTHON_ENV)/bin/pip install --quiet --disable-pip-version-check -r tests/requirements-build.txt
	touch $@

invoke: e2e-build $(PYTHON) ## One function with one event, MiniStack behind it (FUNCTION=converter EVENT=events/lambda/….json)
	ZORGSLUIS_BINARIES="$(abspath $(TARGET))/debug" $(PYTHON_ENV)/bin/python tests/e2e/invoke.py $(FUNCTION) $(EVENT)

bench-functions: build ## Size, start and memory of the functions, beside a Python function
	$(PYTHON_ENV)/bin/python tests/bench-functions.py --bootstraps $(LAMBDA) $(ARGS)

deploy: build $(INFRA) ## Everything to AWS, in order (FILE=deployment.json ARGS=--dry-run; docs/operations/deploy.md)
	infra/scripts/deploy "$(FILE)" $(ARGS)
