# Needs only Python 3.11 or newer with pip. Everything is installed into .venv, by hash.
PYTHON  ?= python3
PORT    ?= 8080
# Two: each browser test runs a server and a Chromium.
WORKERS ?= 2

VENV := .venv
BIN  := $(VENV)/bin
# Debian's python3 lacks ensurepip: the venv is made without pip, and the outer pip installs into it.
PIP  := $(PYTHON) -m pip --disable-pip-version-check --python $(BIN)/python install -qq
# $(call debian,COMMANDS,PACKAGES): install PACKAGES unless every one of COMMANDS is there.
debian = @(for one in $(1); do command -v $$one >/dev/null || exit 1; done) \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	     && apt-get update -qq && apt-get install -qq -y --no-install-recommends $(2); } \
	|| { echo "make: error: missing, and cannot be installed here: one of $(1)" >&2; \
	     echo "make: hint: install them as root, for example with: apt-get install $(2)" >&2; exit 1; }
UV   := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade

.DEFAULT_GOAL := help
.PHONY: help run test lint types unit snippets bench stress observatory fuzz sbom assets screenshot man lock clean chromium proxies

help: ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: assets ## Serve on http://127.0.0.1:8080 (PORT=9000 for another port)
	@exec $(BIN)/jwtlens serve --port $(PORT)

test: lint types unit ## Run everything: linters, types, unit and browser tests

lint: $(VENV)/test.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive app hatch_build.py

types: $(VENV)/test.stamp
	$(BIN)/mypy

unit: $(VENV)/test.stamp assets chromium proxies
	$(BIN)/python -m pytest --numprocesses $(WORKERS)

bench: $(VENV)/test.stamp assets chromium proxies ## Measure: the core, the server, the page, the gateway
	$(BIN)/python -m tests.benchmarks

fuzz: $(VENV)/test.stamp assets ## Fuzz the core for MINUTES (1) and ask the API REQUESTS (50000) times
	$(BIN)/python -m tests.fuzz --minutes $(or $(MINUTES),1) --requests $(or $(REQUESTS),50000)

stress: $(VENV)/test.stamp assets proxies ## Put the server under fire; MINUTES=10 of everything at the end
	$(BIN)/python -m tests.stress

observatory: $(VENV)/test.stamp assets proxies ## Grade every route as the MDN Observatory does
	$(BIN)/python -m tests.deployment.observing

snippets: $(VENV)/test.stamp ## Run the code for every library, and write down what ran
	$(BIN)/python -m tests.snippets $(LIBRARIES)

assets: $(VENV)/package.stamp ## Build the front end again if its sources changed
	@$(BIN)/python hatch_build.py --check || if command -v npm >/dev/null; then \
	  $(BIN)/python hatch_build.py; else $(PIP) --no-deps --editable .; fi

sbom: $(VENV)/test.stamp assets ## Write the bill of materials, dist/sbom.cdx.json, and show the licences
	@$(BIN)/python -m tests.supply

screenshot: $(VENV)/test.stamp assets chromium ## Take the screenshot of the README
	$(BIN)/python -m tests.screenshot

man: $(VENV)/package.stamp ## Write the man page, dist/jwtlens.1, from the help
	@mkdir -p dist
	$(BIN)/python -m app.cli.manual > dist/jwtlens.1

lock: ## Pin every dependency anew, by hash (needs uv and npm)
	$(UV) pyproject.toml -o requirements.txt
	$(UV) pyproject.toml requirements-test.in -c requirements.txt -o requirements-test.txt
	$(UV) tests/snippets/requirements.in -o tests/snippets/requirements.txt
	npm install --package-lock-only
	cp .npmrc tests/snippets/ && (cd tests/snippets && npm install --package-lock-only); rm tests/snippets/.npmrc

clean: ## Remove everything that was made here
	rm -rf $(VENV) dist static/built static/vendor .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

chromium: # the tests' browser
	$(call debian,chromium,chromium fonts-dejavu-core)

# The gateways that the exports and the forward-auth server are tried with; bwrap stands for a container.
proxies:
	$(call debian,nginx haproxy caddy apache2ctl bwrap strace,nginx-light haproxy caddy apache2 libapache2-mod-auth-openidc bubblewrap strace)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo "make: error: jwtlens needs Python 3.11 or newer" >&2; \
	     echo "make: hint: name one with make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv --without-pip $(VENV)

$(VENV)/run.stamp: requirements.txt $(BIN)/python
	$(PIP) --require-hashes -r $<
	@touch $@

$(VENV)/test.stamp: requirements-test.txt $(BIN)/python
	$(PIP) --require-hashes -r $<
	@touch $@

# Editable: the page of a checkout is served from the checkout.
$(VENV)/package.stamp: pyproject.toml hatch_build.py package-lock.json $(VENV)/run.stamp
	$(PIP) --no-deps --editable .
	@touch $@
