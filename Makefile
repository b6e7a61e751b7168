# Every target prepares what it needs; run it again and it is quick.
CARDS ?=
SPEED ?=
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest -q

.PHONY: setup demo check test test-long

setup:
	@packaging/setup.sh

demo: setup
	$(BIN)/keping demo $(if $(CARDS),--cards $(CARDS)) $(if $(SPEED),--speed $(SPEED))

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) -m "not pcsc and not rig and not long" tests/core tests/journal tests/docs tests/printers tests/crypto

test: check
	$(PYTEST) -m "not long"

test-long: check
	$(PYTEST) --timeout 900
