# `make demo`, `make serve` and `make test`: each sets up what it needs in .venv; the tests need twice as much.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# some images set it: every process of the tests would compile newsmill anew
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo serve test test-all trust check docs pictures wheel lock benchmark clean

demo: .venv/ready
	@$(BIN)/python -m tests.sites.demo

# Prefect's server, the deployments and a worker, until Ctrl-C.
serve: .venv/ready
	@$(BIN)/newsmill serve

# Each file in one worker process, the longest first (tests/suite.py).
test: .venv/ready-for-tests
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

# Also the tests that take minutes; CI has twenty minutes for everything.
test-all: .venv/ready-for-tests
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -m ""

# The long forms of tests/trust: hours. docs/reliability.md has what came out.
trust: .venv/ready-for-tests
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "" tests/trust
	$(BIN)/python -m tests.trust.neighbours
	$(BIN)/python -m tests.trust.squares
	$(BIN)/python -m tests.trust.fuzz --inputs 6000
	$(BIN)/python -m tests.trust.kill --kills 400
	$(BIN)/python -m tests.trust.soak --feeds 2000 --rounds 50

check: .venv/ready-for-tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy

# What is generated from the code: the data dictionary, parts of docs/ and of prefect.yaml.
docs: .venv/ready-for-tests
	$(BIN)/python docs/generate.py

# Take the screenshots in docs/pictures again, with the test that uses Prefect's pages in a browser.
pictures: .venv/ready-for-tests
	PICTURES=1 $(BIN)/python -m pytest tests/flows/test_pages.py

# A wheel of newsmill in dist/, which installs without the clone: docs/installing.md.
wheel: .venv/ready
	@$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .

benchmark: .venv/ready-for-tests
	$(BIN)/python -m benchmarks.ingest

# What running needs. Python compiles what is imported; compiled whole, the packages would take 100 MB more.
.venv/ready: requirements.lock pyproject.toml
	@echo "Setting up .venv (once; a minute or two) …"
	@$(PYTHON) -m venv .venv
	@$(PIP) install --no-compile --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# What the tests, the checks and the documentation need besides.
.venv/ready-for-tests: .venv/ready requirements-dev.lock
	@echo "Adding to .venv what the tests need …"
	@$(PIP) install --no-compile --require-hashes -r requirements-dev.lock
	@touch $@

# After changing the dependencies in pyproject.toml.
lock:
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install uv
	.ci/lock $(BIN)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
