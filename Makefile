# Tollgate: build, run, test, measure. `make help` lists the targets.
# What is needed is installed here, by the system's packages or into .venv; what cannot be is named.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := $(CURDIR)/.venv
PYTHON := $(VENV)/bin/python
MODULE := target/wasm32-wasip1/release/tollgate.wasm
TRAP := target/trap/wasm32-wasip1/release/tollgate.wasm
COMMAND := target/native/tollgate
MOCK := target/native/examples/mock-provider
CARGO := cargo

# cargo uses every core by itself, and of apt-get there can be only one.
.NOTPARALLEL:

# Every file, for the sources include tables of many kinds.
SOURCES := $(shell find src -type f) build.rs Cargo.toml Cargo.lock rust-toolchain.toml .cargo/config.toml
MOCK_SOURCES := $(shell find examples/mock-provider -name __pycache__ -prune -o -type f -print)

# The toolchain that rust-toolchain.toml names, or the one that rustup was told to prefer.
TOOLCHAIN := $(or $(RUSTUP_TOOLCHAIN),$(shell sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml))

# An Envoy of your own, or the packaged one.
TOLLGATE_ENVOY ?= $(VENV)/envoy
export TOLLGATE_ENVOY

# Where `make install` puts things; DESTDIR stands before it, for those who make packages.
PREFIX ?= /usr/local

# Root, where this is not root.
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
APT := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get

# $(call copy,MODE,FILE,TO): installs a file below PREFIX, as root where this user may not.
copy = to="$(DESTDIR)$(PREFIX)/$(3)"; install -D -m $(1) $(2) "$$to" 2>/dev/null || \
    $(SUDO) install -D -m $(1) $(2) "$$to"; echo "installed $$to"

# $(call packages,NAMES): installs Debian packages and removes none for them, or says what to do.
packages = { $(APT) update -qq; $(APT) install -y -qq --no-remove $(1); } || \
    { echo "tollgate: no package could be installed for: $(1). $(BY_HAND)" >&2; exit 1; }
BY_HAND := Install it by hand, then run make again.
toolchain: BY_HAND := Debian has rustup since Debian 13; elsewhere install rustup as its own site says, a C and a C++ \
    compiler by the packages of your system, and run make again in a new shell.

.PHONY: help run test check fuzz bench benchdialects benchlimits benchtokens guardmodel wasm envoy sdks install clean
.PHONY: toolchain curl node pkill wrk

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: wasm envoy $(COMMAND) $(MOCK) curl ## start the mock provider and Envoy on examples/gateway.yaml
	@examples/run.sh $(MOCK) $(COMMAND)

test: wasm $(TRAP) envoy sdks ## run all tests, end to end on the real Envoy included
	$(CARGO) build --locked --example mock-provider
	$(CARGO) test --locked
	$(PYTHON) examples/mock-provider/strict/shapes.py --check
	$(PYTHON) tests/dialect/validate.py
	$(PYTHON) tests/dialect/replay.py

# What it learns from beside the rows: documents and code that were written for people, as they are on any machine that
# has built the project.
guardmodel: toolchain $(VENV)/.sdks ## learn anew what the guard takes for an attack, from the texts in tests/guard
	TOLLGATE_HARMLESS="$(or $(CARGO_HOME),$(HOME)/.cargo)/registry/src:$(VENV)/lib:src:docs:/usr/share/man" \
	    $(CARGO) test --locked --test guard -- --ignored --nocapture learn

check: toolchain ## formatting, lints for both targets
	$(CARGO) fmt --check
	$(CARGO) fmt --check --manifest-path tests/fuzz/Cargo.toml
	$(CARGO) clippy --locked --all-targets -- -D warnings
	$(CARGO) clippy --locked --lib --target wasm32-wasip1 -- -D warnings
	$(CARGO) clippy --locked --manifest-path tests/fuzz/Cargo.toml --target-dir target -- -D warnings

fuzz: toolchain ## run every fuzz target for SECONDS_EACH, 60 by default
	tests/fuzz/run.sh $(or $(SECONDS_EACH),60)

bench: wasm envoy $(COMMAND) $(MOCK) wrk ## compare Envoy with and without the filter
	python3 benches/gateway.py --envoy "$(TOLLGATE_ENVOY)" --tollgate $(COMMAND) --mock $(MOCK) \
	    --module $(MODULE) --out target/bench.json

benchdialects: toolchain node ## what each pair of dialects costs, inside V8
	benches/dialects/run.sh

benchlimits: wasm envoy $(COMMAND) $(MOCK) wrk ## what limits cost, on one, two and four workers
	python3 benches/limits.py --envoy "$(TOLLGATE_ENVOY)" --tollgate $(COMMAND) --mock $(MOCK) --module $(MODULE)

benchtokens: toolchain node ## compare the token counter with other counters, inside V8
	benches/tokens/run.sh

wasm: $(MODULE) ## build the WebAssembly module
	@ls -l $(MODULE) | awk '{printf "%s: %d KiB\n", $$NF, $$5 / 1024}'

envoy: $(TOLLGATE_ENVOY) ## install Envoy into .venv, unless TOLLGATE_ENVOY names one

# An Envoy of your own stays where it is.
install: wasm $(COMMAND) envoy ## install the command, the module and Envoy below PREFIX, /usr/local by default
	@$(call copy,755,$(COMMAND),bin/tollgate)
	@$(call copy,644,$(MODULE),share/tollgate/tollgate.wasm)
	@$(if $(filter $(VENV)/envoy,$(TOLLGATE_ENVOY)),$(call copy,755,$(TOLLGATE_ENVOY),lib/tollgate/envoy))

clean: ## remove everything that was built or installed here
	rm -rf target $(VENV) .tollgate

# $(call build,ARGUMENTS,FILES): what was built is as old as the start of it, for a source may change meanwhile.
build = start=$$(date +@%s.%N); $(CARGO) build --locked $(1); touch --date="$$start" $(2)

$(MODULE): $(SOURCES) | toolchain
	$(call build,--release --lib --target wasm32-wasip1,$@)

# The module that crashes when it is asked to, for the test of that.
$(TRAP): $(SOURCES) | toolchain
	$(call build,--release --lib --target wasm32-wasip1 --features trap --target-dir target/trap,$@)

$(COMMAND) $(MOCK): $(SOURCES) $(MOCK_SOURCES) | toolchain
	$(call build,--profile native --bin tollgate --example mock-provider,$(COMMAND) $(MOCK))

# Some versions of rustup install a missing toolchain by themselves, others do not; by its name, all do.
toolchain:
	@command -v rustup >/dev/null && command -v cargo >/dev/null || $(call packages,rustup)
	@command -v cc >/dev/null || $(call packages,gcc libc6-dev)
	@command -v c++ >/dev/null || $(call packages,g++)
	@grep -q '^$(TOOLCHAIN)' <<<"$$(rustup toolchain list)" || \
	    rustup toolchain install --no-self-update --profile minimal $(TOOLCHAIN)
	@grep -q '^wasm32-wasip1$$' <<<"$$(rustup target list --installed)" || rustup target add wasm32-wasip1
	@$(CARGO) clippy --version >/dev/null 2>&1 && $(CARGO) fmt --version >/dev/null 2>&1 || \
	    rustup component add clippy rustfmt

$(PYTHON):
	@python3 -c 'import ensurepip' 2>/dev/null || $(call packages,python3-venv)
	python3 -m venv $(VENV)

# The package holds the very binary; the link spares every start the Python that would look for it.
$(VENV)/envoy: envoy/requirements.txt | $(PYTHON)
	$(PYTHON) -m pip install --quiet --requirement envoy/requirements.txt
	@test -e /etc/ssl/certs/ca-certificates.crt || $(call packages,ca-certificates)
	ln -sfn "$$($(PYTHON) -c 'import envoy, os; print(os.path.join(os.path.dirname(envoy.__file__), "_bin", "envoy"))')" $@
	touch --no-dereference $@

sdks: $(VENV)/.sdks pkill curl ## install what the tests call: the official SDKs, and small tools

$(VENV)/.sdks: tests/requirements.txt | $(PYTHON)
	$(PYTHON) -m pip install --quiet --requirement tests/requirements.txt
	@touch $@

curl wrk:
	@command -v $@ >/dev/null || $(call packages,$@)

node:
	@command -v node >/dev/null || $(call packages,nodejs)

pkill:
	@command -v pkill >/dev/null || $(call packages,procps)
