# Every target prepares what it needs; run it again and it is quick.
CARDS ?=
SPEED ?=
SEED ?=
SCALE ?=
BENCHMARKS ?=
BIN := .venv/bin
INPUTS ?= config hub-answers chip evolis evolis-classic stick intake forms ipp
PYTEST := $(BIN)/python -m pytest -q
# A test waits for a device's simulated second as long as it computes: four keep two processors busy.
# What hangs outside of Python, where no test's timeout reaches, shows its stack.
SIDE_BY_SIDE := -n 4 --dist worksteal -o faulthandler_timeout=120
# Whatever the shell says: else each of the processes compiles the tests, and what they rewrite, once more (25 s).
export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup demo static check test test-long matrix soak scenario screens bench fuzz

setup:
	@packaging/setup.sh

demo: setup
	$(BIN)/keping demo $(if $(CARDS),--cards $(CARDS)) $(if $(SPEED),--speed $(SPEED))

static: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: static
	$(PYTEST) -m "not pcsc and not rig and not long" tests/core tests/journal tests/docs tests/printers tests/crypto

test: static
	$(PYTEST) $(SIDE_BY_SIDE) -m "not long"

test-long: static
	$(PYTEST) --timeout 900

matrix: setup
	$(BIN)/python -m tests.matrix.table

soak: setup
	$(BIN)/python -m tests.soak $(if $(CARDS),--cards $(CARDS)) $(if $(SEED),--seed $(SEED))

scenario: setup
	$(BIN)/python -m tests.scenario $(if $(SCALE),--scale $(SCALE)) $(if $(SEED),--seed $(SEED))

screens: setup
	$(BIN)/python -m tests.web.gallery

fuzz: setup
	set -e; for each in $(INPUTS); do $(BIN)/python -m tests.fuzz $$each --seed $(or $(SEED),1); done

bench: setup
	$(BIN)/python -m benchmarks $(BENCHMARKS)
