# Pelton's tasks. `make` alone lists them. Needs Rust, a JDK 17, Python 3.11 to 3.14, make and a C compiler;
# everything else is installed or built here: Python packages in .venv, Maven's in its own folder, the rest in target/.

SHELL := bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

STEP := scripts/step.sh
MVN := scripts/mvn.sh
PYTHON_IN_VENV := .venv/bin/python
export PYTHON

.PHONY: help
help: ## this list
	@printf 'Pelton runs models trained in Python on Flink streams.\n\n'
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/  make \1 \2/p' $(firstword $(MAKEFILE_LIST)) | \
		awk '{ printf "  make %-14s ", $$2; $$1 = $$2 = ""; sub(/^ +/, ""); print }'

# ---- set-up --------------------------------------------------------------------------------------------------------

.PHONY: tools
tools:
	@scripts/check-tools.sh

.PHONY: python
python: tools
	@scripts/setup-python.sh --check || $(STEP) python 'Python packages into .venv' scripts/setup-python.sh

.PHONY: setup
setup: python ## check the tools, install the Python packages
	@printf 'ready: %s, %s\n' "$$($(PYTHON_IN_VENV) --version)" "$$(cargo --version)"

# ---- build ---------------------------------------------------------------------------------------------------------

.PHONY: build
build: server java ## the server (release) and the Java modules

# cargo knows best whether there is something to do, so it is always asked; it answers at once when there is not.
.PHONY: server
server: tools
	@$(STEP) server 'server (cargo build --release)' cargo build --release --locked --package pelton

.PHONY: server-for-tests
server-for-tests: tools
	@$(STEP) server-for-tests 'server (cargo build)' cargo build --locked --package pelton

JAVA_SOURCES := $(shell find java examples -path '*/src/*' -type f 2>/dev/null; find java examples -name pom.xml 2>/dev/null) \
	$(wildcard proto/*.proto)
EXAMPLES := ../examples/flights/java,../examples/iris/java

.PHONY: java
java: tools ## the Java modules, the uber jar among them
	@$(STEP) java 'Java modules (mvn package)' $(MVN) -DskipTests package
	@touch target/.jobs-built

.PHONY: jobs
jobs: tools target/.jobs-built
target/.jobs-built: $(JAVA_SOURCES)
	@mkdir -p target
	@$(STEP) jobs 'Flink jobs (mvn package)' $(MVN) -DskipTests package --projects $(EXAMPLES) --also-make
	@touch $@

# ---- demo ----------------------------------------------------------------------------------------------------------

.PHONY: demo
demo: tools python server jobs ## a year of real flights: train, serve, score a stream in Flink, check every answer
	@$(PYTHON_IN_VENV) examples/flights/demo.py $(if $(ROWS),--rows $(ROWS))

.PHONY: demo-iris
demo-iris: tools python server jobs ## the classic: iris, pickle, the smallest contract, FlatMap, print
	@$(PYTHON_IN_VENV) examples/iris/demo.py

# ---- tests ---------------------------------------------------------------------------------------------------------

.PHONY: test
test: test-rust test-python test-java test-e2e ## every test

.PHONY: test-rust
test-rust: tools python target/goldens-large/.made ## the crates' tests, and the native engine on models of real size
	cargo test --workspace --locked
	PELTON_CASES=$(CURDIR)/target/goldens-large cargo test --locked --package pelton-native --test conformance native_answers

.PHONY: test-python
test-python: tools python ## the Python worker's tests
	$(PYTHON_IN_VENV) -m pytest python

.PHONY: test-java
test-java: tools python server-for-tests target/models/.made ## the client's and the connector's tests, against a real server
	$(PYTHON_IN_VENV) tests/e2e/with_server.py -- $(MVN) verify -Dpelton.endpoint={endpoint} \
		-Dpelton.program={program} -Dpelton.python={python} -Dpelton.models={models}
	@touch target/.jobs-built

.PHONY: test-e2e
test-e2e: tools python server jobs target/models/.made ## the released server with real clients, and the demo in small
	$(PYTHON_IN_VENV) -m pytest tests/e2e

target/models/.made: $(wildcard tests/models/*.py) requirements.txt | python
	@$(STEP) models 'models for the tests' $(PYTHON_IN_VENV) tests/models/train.py
	@touch $@

NATIVE := tests/conformance/native

# Named sk19 as the committed cases of the same releases are: .venv has those of the newest stack.
target/goldens-large/.made: $(NATIVE)/generate/large.py $(NATIVE)/generate/case.py $(NATIVE)/generate/data.py requirements.txt | python
	@rm -rf target/goldens-large
	@$(STEP) goldens-large 'models of real size for the native engine' \
		$(PYTHON_IN_VENV) -W ignore $(NATIVE)/generate sk19 --family large --out $(CURDIR)/target/goldens-large
	@touch $@

FUZZ_SECONDS ?= 60

.PHONY: fuzz
fuzz: ## the readers of foreign files under a fuzzer, FUZZ_SECONDS each (nightly Rust, cargo install cargo-fuzz)
	fuzz/run.sh $(FUZZ_SECONDS)

# ---- the native engine against Python -------------------------------------------------------------------------------

STACKS ?= sk12 sk15 sk19
CASES ?= 600
GOLDENS_VENVS ?= target/venvs
export GOLDENS_VENVS

.PHONY: goldens
goldens: ## train the golden models anew with every stack of libraries (STACKS=sk19 FAMILIES=trees: some of them)
	scripts/goldens.sh train $(STACKS) -- $(foreach family,$(FAMILIES),--family $(family))

.PHONY: goldens-all
goldens-all: tools ## all cases of every stack, also those that are not committed, trained into target/goldens and compared
	scripts/goldens.sh train $(STACKS) -- --all --out $(CURDIR)/target/goldens
	PELTON_CASES=$(CURDIR)/target/goldens cargo test --locked --package pelton-native --test conformance

.PHONY: differential
differential: tools ## CASES random models trained in Python and compared row by row with the native engine
	scripts/goldens.sh environments $(STACKS)
	python3 tests/differential/differ.py --cases $(CASES) --stacks $(STACKS) --venvs $(GOLDENS_VENVS) $(if $(SEED),--seed $(SEED))

# ---- style ---------------------------------------------------------------------------------------------------------

.PHONY: lint
lint: tools python ## formatting and lints of all three languages
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- --deny warnings
	@if cargo deny --version >/dev/null 2>&1; then set -x; cargo deny check bans licenses sources; else echo 'cargo deny is not installed: skipped'; fi
	$(PYTHON_IN_VENV) -m ruff format --check .
	$(PYTHON_IN_VENV) -m ruff check .
	$(MVN) --quiet spotless:check

.PHONY: audit
audit: tools ## known vulnerabilities of the crates Pelton is built from (cargo install cargo-deny; asks the advisory database)
	cargo deny check advisories

.PHONY: format
format: tools python ## formats all three languages
	cargo fmt --all
	$(PYTHON_IN_VENV) -m ruff format .
	$(PYTHON_IN_VENV) -m ruff check --fix .
	$(MVN) --quiet spotless:apply

# ---- measurements --------------------------------------------------------------------------------------------------

.PHONY: bench-server
bench-server: tools python server ## the server against the least a server could do
	@$(PYTHON_IN_VENV) bench/run_server.py

.PHONY: bench-flink
bench-flink: tools python server java ## the connector against a ceiling and the usual way
	@$(PYTHON_IN_VENV) bench/run_flink.py

.PHONY: bench-kernels
bench-kernels: tools python ## the native engine against the models' own libraries, ONNX Runtime and others
	@$(PYTHON_IN_VENV) bench/run_kernels.py

.PHONY: bench-compare
bench-compare: tools python ## the native engine of this tree against that of COMMIT
	@$(PYTHON_IN_VENV) bench/compare_kernels.py $(or $(COMMIT),HEAD)

.PHONY: clean
clean: ## remove everything built; .venv stays (remove it by hand)
	rm -rf target java/target java/*/target examples/*/java/target bench/*/target
