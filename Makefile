# civault: make help lists the targets

SHELL := /bin/sh
.DEFAULT_GOAL := build
.PHONY: help build release reproducible image demo recipes test fuzz test-node24 test-assets test-vault vault-answers lint format bench bench-check bench-others timeline clean

NODE := node --import tsx
INSTALLED := node_modules/.package-lock.json
# The architecture to build for: amd64 or arm64, this machine's unless said
ARCH ?=
# The Node.js release line inside, by pkg's name: node20 unless said, node24 in a release
BASE ?=
# For a release: yes takes a Node.js that is end-of-life; yes fails where not everything can be made
ALLOW_EOL ?=
ALL ?=
# Test files at once: Node.js leaves one processor idle, and most tests wait
JOBS ?= $(shell nproc)
# For fuzzing: how many inputs over all targets, and from which seed; a fresh one unless said
RUNS ?= 1000000
SEED ?=
# For bench-check: yes writes down what it takes now
WRITE ?=
# Where an image is pushed to, as skopeo names it
IMAGE ?= oci:dist/image:latest
SOURCES := $(shell find src build -type f) package.json package-lock.json
TESTS = $(shell find test -name '*.test.ts' ! -name same-answers.test.ts ! -name herd.test.ts | LC_ALL=C sort)
UNIT_TESTS = $(filter test/unit/%,$(TESTS))
# All but those that build.
ASSET_TESTS = $(filter-out test/binary/build.test.ts,$(filter test/binary/%,$(TESTS)))
REAL_VAULT = VAULT_BIN="$$($(NODE) test/real-vault/find.ts)" && export VAULT_BIN && $(NODE) --test --test-reporter=spec --test-concurrency=1

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

build: $(INSTALLED) ## build dist/civault, or with ARCH=arm64 that release asset
	@$(NODE) build/build.ts $(if $(ARCH),--arch $(ARCH)) $(if $(BASE),--node $(BASE))

release: $(INSTALLED) ## make all that is published, in dist/ (docs/release.md)
	@$(NODE) build/release.ts $(if $(BASE),--node $(BASE)) --allow-eol "$(ALLOW_EOL)" --all "$(ALL)"

reproducible: $(INSTALLED) ## make this commit's release twice, in two clones, and compare
	@BASE="$(BASE)" ALLOW_EOL="$(ALLOW_EOL)" ALL="$(ALL)" sh build/reproducible.sh $(AGAINST)

image: ## build the image of both platforms from dist/, with buildah
	@sh build/image.sh "$(IMAGE)"

demo: dist/civault tools ## build, and fetch the guide's secrets in a BusyBox-only root
	@$(NODE) test/demo/demo.ts

recipes: dist/civault tools ## run the jobs of docs/recipes, and show each job's log
	@$(NODE) test/recipes/show.ts

test: dist/civault tools test-node24 ## run every test
	@$(NODE) --test --test-reporter=spec --test-concurrency=$(JOBS) $(TESTS)

fuzz: $(INSTALLED) tools ## give parsers and writers RUNS inputs, from SEED
	@RUNS="$(RUNS)" SEED="$(SEED)" $(NODE) test/fuzz/fuzz.ts

test-node24: $(INSTALLED) ## run the unit tests on Node.js 24, from npm, as well
	@$(NODE) test/harness/node24.ts --test --test-reporter=dot $(UNIT_TESTS)

test-assets: $(INSTALLED) tools ## run the tests of the binary on this machine's release asset
	@$(NODE) build/take-asset.ts
	@$(NODE) --test --test-reporter=spec $(ASSET_TESTS)

test-vault: dist/civault tools ## run the scenarios and a herd of jobs on a real Vault (vault or bao here, or built with Go)
	@$(REAL_VAULT) test/real-vault/same-answers.test.ts test/real-vault/herd.test.ts

vault-answers: dist/civault tools ## the same, and write docs/vault-answers.md anew
	@export WRITE_ANSWERS=yes && $(REAL_VAULT) test/real-vault/same-answers.test.ts

lint: $(INSTALLED) ## check format, lint and types
	@npx --no-install biome check --error-on-warnings .
	@npx --no-install tsc -p .

format: $(INSTALLED) ## format the sources
	@npx --no-install biome check --write .

bench: dist/civault tools ## measure times and instructions, beside the guide's curl pipeline
	@sh build/tools.sh valgrind:valgrind
	@$(NODE) test/bench/bench.ts

bench-check: dist/civault tools ## fail where a run takes a tenth more instructions than it did (WRITE=yes: note what it takes)
	@sh build/tools.sh valgrind:valgrind
	@WRITE="$(WRITE)" $(NODE) test/bench/check.ts

bench-others: $(INSTALLED) ## build vals and a Go program on Vault's client library, for bench
	@$(NODE) test/bench/build-others.ts

timeline: dist/civault tools ## measure one run phase by phase, and draw docs/timeline.svg anew
	@$(NODE) test/bench/timeline.ts

clean: ## remove what was built
	rm -rf dist

.PHONY: tools
tools: ## install what the tests use from Debian, where this user may
	@sh build/tools.sh

dist/civault: $(INSTALLED) $(SOURCES)
	@$(NODE) build/build.ts

$(INSTALLED): package.json package-lock.json .npmrc
	@sh build/check-node.sh
	@echo "installing npm packages from the lockfile"
	@npm ci --no-progress
	@touch $@
