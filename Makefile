.DEFAULT_GOAL := help
.PHONY: help run stop watch browse fuzz test mutants prove check build deploy tools

PYTHON := .local/venv/bin/python

help: ## Tells what there is to make
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1	/' | expand -t 8

run: tools ## Starts a local AWS, deploys the service to it and shows the main job done
	@$(PYTHON) local/stack.py run

stop: ## Ends everything that run started
	@test ! -x $(PYTHON) || $(PYTHON) local/stack.py stop

watch: tools ## Serves the HTTP functions with live reload, on the running stack's table
	@$(PYTHON) local/stack.py watch

browse: tools ## Opens the links of real mails in a real browser and looks at every page
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
	    --requirement local/browser-requirements.txt
	@$(PYTHON) local/browse.py

fuzz: tools ## Fuzzes every route of the contract on the running stack, as every kind of caller (FUZZ=options)
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
	    --requirement local/fuzz-requirements.txt
	@$(PYTHON) local/fuzz.py $(FUZZ)

test: tools ## Runs every test, against a local AWS of its own
	@$(PYTHON) local/stack.py test

mutants: ## Takes one guard at a time out of the code, and demands that a test notices (ONLY=words takes some)
	@python3 local/mutants.py $(ONLY)

prove: ## Runs random programs of many callers against the handlers: 100 seeds of 10,000 operations
	@SEEDS=$${SEEDS:-100} OPERATIONS=$${OPERATIONS:-10000} \
	    cargo test --locked --profile prove --package embedded model:: -- --nocapture

check: tools ## Runs what CI runs
	@.ci/run

build: tools ## Builds the functions for AWS (arm64)
	@PATH="$(CURDIR)/.local/venv/bin:$$PATH" cargo lambda build --locked --release --arm64

deploy: build ## Deploys to your AWS account, asking for what it needs
	@.local/venv/bin/sam deploy --guided

tools:
	@command -v python3 >/dev/null || { echo "Missing: python3. On Debian: sudo apt-get install -y python3 python3-venv" >&2; exit 1; }
	@python3 local/prepare.py
