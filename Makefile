# One short command per chore; the scripts do the work and need no make.
VENV ?= .venv
PYTHON ?= python3
export VENV PYTHON

.PHONY: help venv demo test test-quick test-jax lint format sync bench wheel lock clean

help:  ## list the chores
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 12

venv:  ## make .venv with everything that developing needs
	scripts/venv test,lint

demo:  ## train, export, translate: make demo [RECIPE=multi30k_ende DATA=DIR]
	scripts/demo $(RECIPE) $(DATA)

test:  ## all tests
	scripts/test

test-quick:  ## the tests that take seconds
	scripts/test --quick

test-jax:  ## the layers' tests on JAX
	scripts/venv test,jax
	KERAS_BACKEND=jax scripts/test tests/layers

lint:  ## style, and manifests against code
	scripts/lint

format:  ## sort imports and mend what ruff can mend
	scripts/lint --fix

sync:  ## write registry/*.yaml, docs/parts.md and docs/api.md from the code
	scripts/venv
	$(VENV)/bin/python -m keras_transformers registry sync
	$(VENV)/bin/python scripts/reference

bench:  ## the benchmarks, each with its figure
	scripts/venv test
	set -e; for b in benchmarks/*.py; do echo "== $$b"; $(VENV)/bin/python $$b; done

wheel:  ## dist/*.whl
	scripts/venv test
	$(VENV)/bin/python -m pip wheel --quiet --no-deps --wheel-dir dist .

lock:  ## constraints.txt from .venv, after its tests have passed
	scripts/venv test,lint,jax,tensorboard
	{ head -3 constraints.txt; $(VENV)/bin/python -m pip freeze --all --exclude-editable --exclude pip; } > constraints.new
	mv constraints.new constraints.txt

clean:  ## remove what builds and tests leave; runs/ and .venv stay
	rm -rf build dist *.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
