# `make demo`, `make serve` and `make test`: each sets up everything it needs in .venv.
PYTHON ?= python3
BIN := .venv/bin
# some images set it: every process of the tests would compile newsmill anew
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo serve test test-all trust check docs pictures lock benchmark clean

demo: .venv/ready
	@$(BIN)/python -m tests.sites.demo

# Prefect's server, the deployments and a worker, until Ctrl-C.
serve: .venv/ready
	@$(BIN)/newsmill serve

# Each file in one worker process, the longest first (tests/suite.py).
test: .venv/ready
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

# Also the tests that take minutes; CI has twenty minutes for everything.
test-all: .venv/ready
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -m ""

# The long forms of tests/trust: hours. docs/reliability.md has what came out.
trust: .venv/ready
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "" tests/trust
	$(BIN)/python -m tests.trust.neighbours
	$(BIN)/python -m tests.trust.fuzz --inputs 6000
	$(BIN)/python -m tests.trust.kill --kills 200
	$(BIN)/python -m tests.trust.soak --feeds 2000 --rounds 50

check: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy

# What is generated from the code: the data dictionary, parts of docs/ and of prefect.yaml.
docs: .venv/ready
	$(BIN)/python docs/generate.py

# Take the screenshots in docs/pictures again, with the test that uses Prefect's pages in a browser.
pictures: .venv/ready
	PICTURES=1 $(BIN)/python -m pytest tests/flows/test_pages.py

benchmark: .venv/ready
	$(BIN)/python -m benchmarks.ingest

.venv/ready: requirements.lock pyproject.toml
	@echo "Setting up .venv (once; a minute or two) …"
	@$(PYTHON) -m venv .venv
	@# pip 23 takes the newest of a package that another one wants with an extra, whatever is pinned
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=24"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch .venv/ready

# After changing the dependencies in pyproject.toml: pins with hashes, no addresses.
lock:
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links -o requirements.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
