# Everything a newcomer needs: `make demo` shows the product, `make test` proves it.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8040
DATA ?= obverse-demo
SIZE ?= 50000000
WORKERS ?= 3
UV ?= uv
CLIENTS := sdk/node_modules/.installed

.PHONY: setup demo test check proofs bench lock clean help
help:
	@echo "make demo    set up, simulate a shop, serve its pages on 127.0.0.1:$(PORT)"
	@echo "make test    set up and run lint, types and tests"
	@echo "make bench   compare with named peers (SIZE=$(SIZE) events); writes bench/results.json"
	@echo "make proofs  the long simulations, the crash tests at full length, the client in Firefox and WebKit"

setup: $(VENV)/.base
demo: setup
	@$(BIN)/obverse demo --data "$(DATA)" --port $(PORT)

test: $(VENV)/.test $(CLIENTS)
	@./tools/ensure-browsers chromium
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n $(WORKERS) -m "not proof"

check: $(VENV)/.test
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

proofs: $(VENV)/.test $(CLIENTS)
	@./tools/ensure-browsers chromium firefox-esr webkit2gtk-driver xvfb
	$(BIN)/python -m pytest -n $(WORKERS) -m proof

bench: $(VENV)/.bench
	$(BIN)/python -m bench --size $(SIZE)

# Each level of requirements is a file with hashes; the package itself is installed from this checkout.
$(VENV)/bin/python:
	@./tools/make-venv "$(PYTHON)" "$(VENV)"

$(VENV)/.base: requirements/base.txt pyproject.toml | $(VENV)/bin/python
	@./tools/install "$(VENV)" base && touch $@

$(VENV)/.test: requirements/test.txt $(VENV)/.base
	@./tools/install "$(VENV)" test && touch $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.test
	@./tools/install "$(VENV)" bench && touch $@

# What the tests of the browser client need: a type checker, and the other clients that pages have.
$(CLIENTS): sdk/package-lock.json $(VENV)/.test
	@echo "installing sdk/package-lock.json …"
	@PATH="$(abspath $(BIN)):$$PATH" npm ci --prefix sdk --ignore-scripts --no-audit --no-fund --loglevel=error && touch $@

# Hashes, no addresses. Needs `uv` on the path.
lock:
	for level in "base:" "test:--extra test" "bench:--extra test --extra bench"; do \
	  $(UV) pip compile -q pyproject.toml --extra build $${level#*:} --generate-hashes --no-emit-index-url \
	    --no-emit-find-links --python-version 3.11 --universal --custom-compile-command "make lock" \
	    -o requirements/$${level%%:*}.txt || exit 1; done

clean:
	rm -rf $(VENV) sdk/node_modules obverse-demo .pytest_cache .mypy_cache .ruff_cache
