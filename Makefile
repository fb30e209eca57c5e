# What each target does is described in README.md. A bare machine needs Python >= 3.11 and make, nothing else.
.DEFAULT_GOAL := up
.PHONY: up test full faults check bench lock run-environment dev-environment

PYTHON_IN := .venv/bin/python
# More for pytest, e.g. make test PYTEST_ARGS="-k intake -x"
PYTEST_ARGS ?=
PARALLEL ?= -n 2 --dist loadfile
PYTEST = CHROMIUM="$$(sh deploy/browser.sh)" && export CHROMIUM && exec $(PYTHON_IN) -m pytest

up: run-environment
	@exec $(PYTHON_IN) manage.py up

test: dev-environment
	@$(PYTEST) $(PARALLEL) -m "not full and not fault" $(PYTEST_ARGS)

full: dev-environment
	@$(PYTEST) $(PARALLEL) $(PYTEST_ARGS)

faults: dev-environment
	@exec $(PYTHON_IN) -m pytest -m fault $(PYTEST_ARGS)

check: dev-environment
	$(PYTHON_IN) -m ruff check .
	$(PYTHON_IN) -m ruff format --check .
	SECRET_KEY=check DATABASE_URL=postgresql://nobody@127.0.0.1:9/none $(PYTHON_IN) -m mypy qihu routing tickets
	.venv/bin/lint-imports
	$(PYTHON_IN) manage.py makemigrations --check --dry-run
	$(PYTHON_IN) manage.py spectacular --validate --fail-on-warn --file /dev/null
	$(PYTHON_IN) manage.py moves_diagram --check

bench: dev-environment
	@exec $(PYTHON_IN) -m tests.bench

# Locks hold names, versions and hashes, no addresses.
COMPILE = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
lock: dev-environment
	$(COMPILE) deploy/requirements.in -o deploy/requirements.txt
	$(COMPILE) deploy/requirements-dev.in -c deploy/requirements.txt -o deploy/requirements-dev.txt

run-environment:
	@PYTHON="$(PYTHON)" sh deploy/environment.sh run

dev-environment:
	@PYTHON="$(PYTHON)" sh deploy/environment.sh dev
