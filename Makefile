# Everything needs Go, Node with npm, make, git and a C compiler; the rest is fetched through go and npm.
# `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# What `parley version` prints.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)

# Flags for every go test, for example make test TEST_FLAGS=-v.
TEST_FLAGS ?=
# Time per fuzz target.
FUZZ_TIME ?= 5s

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: engine build ## Build, then run a server with simulated traffic in a fresh folder (parley demo)
	bin/parley demo

.PHONY: build
build: ## Build bin/parley
	go build -ldflags '-X main.version=$(VERSION)' -o bin/parley ./cmd/parley

# npm checks the digests of package-lock.json and writes node_modules/.package-lock.json last.
.PHONY: engine
engine: ## Fetch the pinned engine library, unless it is there or PARLEY_ENGINE_LIB names one
	@if [ -n "$${PARLEY_ENGINE_LIB:-}" ]; then \
		[ -f "$$PARLEY_ENGINE_LIB" ] || { echo "PARLEY_ENGINE_LIB: $$PARLEY_ENGINE_LIB is no file" >&2; exit 1; }; \
	elif [ ! node_modules/.package-lock.json -nt package-lock.json ]; then \
		npm ci && touch node_modules/.package-lock.json; \
	fi

.PHONY: test
test: engine ## Run the tests, under the race detector (the end-to-end tests: make e2e)
	go test -race -timeout=15m $(TEST_FLAGS) $$(go list ./... | grep -v /e2e)

.PHONY: e2e
e2e: engine build ## Run the end-to-end tests on the real binary
	PARLEY_TEST_BINARY=$(CURDIR)/bin/parley go test $(TEST_FLAGS) -count=1 -timeout=10m ./e2e/...

.PHONY: lint
lint: ## Check format, vet, staticcheck, errcheck, nilness, and rules of the tree
	.ci/lint

.PHONY: bench
bench: engine ## Run every Go benchmark; `bin/parley bench ingest` measures the whole
	go test -run='^$$' -bench=. -benchmem ./...

.PHONY: fuzz
fuzz: engine ## Run every fuzz target for FUZZ_TIME each (default 5s)
	.ci/fuzz $(FUZZ_TIME)

.PHONY: docs
docs: engine ## Regenerate docs/dictionary.md from the schema
	go test ./warehouse -run=Dictionary -count=1 -update

.PHONY: ci
ci: ## Everything that .ci/run checks
	.ci/run

.PHONY: clean
clean: ## Remove what was built (data and node_modules stay)
	rm -rf bin
	go clean -testcache
