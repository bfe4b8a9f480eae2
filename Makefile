# `make` alone lists what can be made. Paths are relative, so the folder may have any name.

PYTHON ?= python3

VENV := .venv
PY := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)/python
STAMP := $(VENV)/installed
MORE := $(VENV)/installed-more
PIP := "$(PY)" -m pip --disable-pip-version-check
TIMEOUT := 600
WORKERS ?= 2

# With one TensorFlow thread each, two workers do not wait for each other.
test test-quick: export TF_NUM_INTRAOP_THREADS ?= 1
test test-quick: export TF_NUM_INTEROP_THREADS ?= 1
test test-quick: export OMP_NUM_THREADS ?= 1

.PHONY: help environment lab test test-quick lessons execute lint site slides test-browser classroom bench lock clean
.DEFAULT_GOAL := help

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' Makefile

environment: $(STAMP) ## Make the environment in .venv, or bring it up to date

lab: $(STAMP) ## Open the lessons in JupyterLab
	"$(PY)" -m jupyterlab --ServerApp.root_dir=. $(ARGS) notebooks/00_start_here.ipynb

test: $(STAMP) ## Run every test: of the package, of its examples, of the notebooks
	"$(PY)" -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder --nbval-lax --nbval-current-env --nbval-cell-timeout=$(TIMEOUT) $(ARGS)

test-quick: $(STAMP) ## Run one room's tests: make test-quick ARGS=tests/shapley
	"$(PY)" -m pytest -n $(WORKERS) --dist worksteal -q $(ARGS)

lessons: $(STAMP) ## Run every lesson and write it as a page in build/lessons
	"$(PY)" tools/pages/run_lessons.py --timeout $(TIMEOUT) $(ARGS)

execute: $(STAMP) ## For maintainers: run the notebooks again, in place
	"$(PY)" tools/pages/run_lessons.py --in-place --jobs 1 --timeout $(TIMEOUT) $(ARGS)

lint: $(STAMP) ## Check style and types
	"$(PY)" -m ruff check .
	"$(PY)" -m ruff format --check .
	"$(PY)" -m mypy

site: $(MORE) ## Build the lessons into a website in build/site
	"$(PY)" tools/pages/make_site.py $(ARGS)

slides: $(MORE) ## Make slides of the lessons in build/slides
	"$(PY)" tools/pages/make_slides.py $(ARGS)

test-browser: $(MORE) ## Test the lessons, the slides and the website in Chromium, which must be installed
	"$(PY)" -m pytest -m browser -n $(WORKERS) --dist loadfile tests/browser $(ARGS)

classroom: $(MORE) ## Start a server for a class: see docs/classroom.md
	"$(PY)" tools/classroom/classroom.py $(ARGS)

bench: $(MORE) ## Measure how long things take
	"$(PY)" benchmarks/run.py $(ARGS)

lock: ## For maintainers: make requirements.lock again (needs uv; ARGS=--upgrade for newer versions)
	"$(PYTHON)" tools/release/lock.py $(ARGS)

clean: ## Remove the environment, the pages and the caches
	rm -rf $(VENV) build/lessons .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The stamp is written last. Where it is missing, an installation was cut short or never begun, and
# the environment is made anew; where it is only old, the environment is brought up to date.
# lime comes as source. What builds it, and this package, is installed first, out of the same lock,
# so that no build fetches anything else.
$(STAMP): requirements.lock pyproject.toml
	@command -v "$(PYTHON)" >/dev/null || { echo "There is no '$(PYTHON)' here. Install Python 3.11, 3.12 or 3.13, or name one: make lab PYTHON=python3.12"; exit 1; }
	@"$(PYTHON)" tools/release/check_python.py
	@if [ -e $@ ]; then rm $@; else echo "Making the environment in $(VENV) (once; some minutes)"; "$(PYTHON)" -m venv --clear $(VENV); fi
	@awk '/^[^ ]/ {wanted = /^(flit-core|setuptools)==/} wanted' requirements.lock >$(VENV)/build.txt
	$(PIP) install --quiet --require-hashes -r $(VENV)/build.txt
	$(PIP) install --require-hashes --no-build-isolation -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

# What only the targets above need that name it. Its lock repeats the first one's versions.
$(MORE): $(STAMP) requirements-more.lock
	$(PIP) install --quiet --require-hashes --no-build-isolation -r requirements-more.lock
	@touch $@
