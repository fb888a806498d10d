# The programs run in .venv, made by uv from environment.yml; without uv, make puts one into .uv.
# To use an environment that is there already, such as conda's, as it is: make run PYTHON=python
PYTHON = .venv/bin/python
UV := $(if $(shell command -v uv),uv,.uv/bin/uv)
OWN_UV = $(filter .uv/%,$(UV))
UV_PYTHON ?= >=3.11,<3.14
WITH_JAX = $(UV) run --no-project --python $(PYTHON) --with jax==0.10.2
LIST_PINS = sed -n 's/  \#.*//; s/^      - //p'  # prints environment.yml's packages, one a line
EXAMPLES = gpu-test xor-numpy xor-keras mnist

.PHONY: help run $(EXAMPLES) draw test test-jax lint bench plots setup lock clean
.NOTPARALLEL:  # one target after the other, with make -j, too
.SECONDARY: .uv/bin/uv  # a .venv that is ready needs no uv

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' Makefile
	@echo 'make EXAMPLE   run one: $(EXAMPLES)'

run: $(EXAMPLES)  ## run the four examples in the order of the post

$(EXAMPLES): setup
	$(PYTHON) $@/main.py

draw: setup mnist/model.keras  ## draw digits on a page, for the trained network to read
	$(PYTHON) mnist/draw.py

mnist/model.keras: | setup
	$(PYTHON) mnist/main.py

test: setup  ## run the tests
	$(PYTHON) -m pytest -n auto --dist loadfile tests

test-jax: setup $(OWN_UV)  ## test the examples on JAX, which uv lays over the environment
	$(WITH_JAX) python -c 'import jax'
	$(WITH_JAX) -m pytest -k on_jax tests

lint: setup  ## check the form of the code
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

bench: setup $(OWN_UV)  ## measure what the READMEs say (an hour)
	$(PYTHON) tests/benchmark.py
	KERAS_BACKEND=jax $(WITH_JAX) tests/benchmark.py jax

plots: setup mnist/model.keras  ## renew the READMEs' pictures
	$(PYTHON) tests/figures_xor.py
	$(PYTHON) tests/figures_mnist.py
	$(PYTHON) tests/screenshot.py

# only .venv is set up: another PYTHON is used as it is
setup: $(if $(filter .venv/%,$(PYTHON)),.venv/ready)  ## make .venv, as the targets above do

# --seed: with pip in it, which gpu-test/README.md uses; --no-deps: the list is complete, says check
.venv/ready: environment.yml | $(OWN_UV)
	$(UV) venv --clear --seed --python '$(UV_PYTHON)' .venv
	$(LIST_PINS) environment.yml | $(UV) pip install --python .venv --compile-bytecode --no-deps -r -
	$(UV) pip check --python .venv
	touch $@

.uv/bin/uv:
	python3 -m venv .uv
	.uv/bin/python -m pip install uv==0.13.9

lock: $(OWN_UV)  ## renew the pins in environment.yml that have no comment
	grep -v '^      - [^#]*$$' environment.yml >new.yml
	$(LIST_PINS) new.yml >direct.txt
	$(UV) pip compile --universal --python-version 3.11 --fork-strategy fewest \
		--no-annotate --no-header direct.txt >locked.txt
	grep -vxFf direct.txt locked.txt | sed 's/^/      - /' >>new.yml
	mv new.yml environment.yml && rm direct.txt locked.txt

clean:  ## remove what these have made, .venv and the trained model included
	rm -rf .uv .venv .pytest_cache .ruff_cache mnist/model.keras
	find . -name __pycache__ -prune -exec rm -rf {} +
