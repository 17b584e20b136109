.DEFAULT_GOAL := help
.PHONY: help run stop watch browse fuzz lint-mails lint-scripts lint-template ui check-ui test-ui test rehearse mutants prove simulate bench bench-growth bench-profiles check build deploy tools node node-itself peers

PYTHON := .local/venv/bin/python
INSTALL := $(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps
CHECKOV := .local/checkov
TARGET := $(or $(CARGO_TARGET_DIR),target)
FUNCTIONS := $(patsubst functions/%/Cargo.toml,--package %,$(wildcard functions/*/Cargo.toml))

help: ## Tells what there is to make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1	/' | expand -t 8

run: tools ## Starts a local AWS, deploys the service to it, and prints where to play the whole story
	@$(PYTHON) local/stack.py run

stop: ## Ends everything that run started
	@test ! -x $(PYTHON) || $(PYTHON) local/stack.py stop

watch: tools ## Serves the HTTP functions with live reload, on the running stack's table
	@$(PYTHON) local/stack.py watch

browse: tools ## Opens the links of real mails in a real browser and looks at every page
	@$(INSTALL) --requirement local/browser-requirements.txt
	@$(PYTHON) local/browse.py

fuzz: tools ## Fuzzes every route of the contract on the running stack, as every kind of caller (FUZZ=options)
	@$(INSTALL) --requirement local/fuzz-requirements.txt
	@$(PYTHON) local/fuzz.py $(FUZZ)

lint-mails: ## Holds the HTML of every mail against what mail programs support (needs npm, for the data)
	@python3 local/lint_mails.py

lint-scripts: tools ## Lints the scripts in local/, checks their format and types, and that every guard is found
	@$(INSTALL) $(addprefix --requirement local/,$(addsuffix -requirements.txt,lint browser fuzz))
	@cd local && ../$(PYTHON) -m ruff check && ../$(PYTHON) -m ruff format --check && ../$(PYTHON) -m mypy . && ../$(PYTHON) mutants.py --check

lint-template: tools ## Lints template.yaml, docs/edge.yaml and the import of docs/runbook.md, as CloudFormation and for security
	@test -x $(CHECKOV)/bin/python || python3 -m venv $(CHECKOV)
	@$(subst $(PYTHON),$(CHECKOV)/bin/python,$(INSTALL)) --requirement local/template-requirements.txt
	@$(PYTHON) local/recovery.py > .local/recovery.json
	@AWS_DEFAULT_REGION=us-east-1 .local/venv/bin/cfn-lint template.yaml docs/edge.yaml .local/recovery.json
	@$(CHECKOV)/bin/checkov --config-file local/checkov.yaml

ui: node ## Builds the screens' bundle anew, ui/dist/invitations.js (needs Node)
	@cd ui && npm run --silent build

check-ui: node ## Holds the checked-in bundle against its source and the contract, and runs the quick tests of the screens
	@mkdir -p .local && cp ui/dist/invitations.js .local/invitations.js
	@cd ui && npm run --silent build && npm test --silent
	@cmp .local/invitations.js ui/dist/invitations.js || { echo "ui/dist/invitations.js was not what its source makes: commit it" >&2; exit 1; }

test-ui: node ## Tests every screen in Chromium on the running stack
	@cd ui && npm run --silent client && npm run --silent test:screens

# Node is needed by whoever changes the screens; a newcomer has the bundle that is checked in.
node: node-itself
	@cd ui && test node_modules/.package-lock.json -nt package-lock.json || npm ci --loglevel=error

node-itself:
	@node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' 2>/dev/null && command -v npm >/dev/null || \
	    { echo "Missing: Node 20 or later, with npm. On Debian 13: sudo apt-get install -y nodejs npm" >&2; exit 1; }

test: tools ## Runs every test, against a local AWS of its own
	@$(PYTHON) local/stack.py test

rehearse: tools ## Loses a stack of its own and brings it back, as docs/runbook.md tells it; then leaves GraphQL out of it
	@$(PYTHON) local/stack.py rehearse

mutants: ## Takes one guard at a time out of the code, and demands that a test notices (ONLY=words takes some)
	@python3 local/mutants.py $(ONLY)

prove: ## Runs random programs of many callers against the handlers: 100 seeds of 10,000 operations
	@SEEDS=$${SEEDS:-100} OPERATIONS=$${OPERATIONS:-10000} \
	    cargo test --locked --profile prove --package embedded model:: -- --nocapture

simulate: ## Runs a backlog of a million mails through what decides about them, as docs/scale.md quotes it (MAILS=…)
	@MAILS=$${MAILS:-1000000} cargo test --locked --profile prove --package embedded backlog::a_backlog_of_any_size -- --nocapture

bench: peers ## Measures speed and cost, and writes docs/speed.md and docs/cost.md (needs Node, and 8 GB of memory; LOAD=minutes under load)
	@cargo build --locked --release --bins --package floor $(FUNCTIONS)
	@cargo run --locked --quiet --profile harness --package bench -- $(TARGET)/release
	@cargo run --locked --quiet --profile harness --package bench -- $(TARGET)/release --better-auth
	@TMPDIR=$(or $(wildcard /dev/shm),/tmp) taskset --cpu-list $$(($$(nproc) - 1)) \
	    cargo run --locked --quiet --profile harness --package bench -- $(TARGET)/release --load $(or $(LOAD),10)

bench-growth: ## Measures the same operations on ten million invitations (needs 16 GB of memory)
	@cargo build --locked --release --bins --package floor $(FUNCTIONS)
	@cargo run --locked --quiet --profile harness --package bench -- $(TARGET)/release --growth

# What the functions are compared with, as its lock files have it.
peers: node-itself
	@for peer in node better-auth; do \
	    (cd bench/peers/$$peer && { test node_modules/.package-lock.json -nt package-lock.json || npm ci --loglevel=error; }) || exit 1; \
	done
	@cd bench/peers/node && npm run --silent build

bench-profiles: ## Compares release profiles: size, init and time
	@for level in z s 3; do for lto in thin fat; do \
	    echo "opt-level $$level, $$lto LTO"; \
	    CARGO_PROFILE_RELEASE_OPT_LEVEL=$$level CARGO_PROFILE_RELEASE_LTO=$$lto cargo build --locked --quiet --release \
	        --package send --target-dir "$(TARGET)/profiles/$$level-$$lto" || exit 1; \
	done; done
	@cargo run --locked --quiet --profile harness --package bench -- --profiles $(TARGET)/profiles/*/release

check: tools ## Runs what CI runs
	@.ci/run

build: tools ## Builds the functions for AWS (arm64)
	@PATH="$(CURDIR)/.local/venv/bin:$$PATH" cargo lambda build --locked --release --arm64

deploy: build ## Deploys to your AWS account, asking for what it needs
	@.local/venv/bin/sam deploy --guided

tools:
	@command -v python3 >/dev/null || { echo "Missing: python3. On Debian: sudo apt-get install -y python3 python3-venv" >&2; exit 1; }
	@python3 local/prepare.py
