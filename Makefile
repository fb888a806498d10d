# The interpreter: used as it is where it has the packages of environment.yml, else .venv is made with it.
PYTHON = python3
RUN = "$(or $(shell $(PYTHON) tests/interpreter.py),$(CURDIR)/.venv/bin/python)"
EXAMPLES = gpu-test xor-numpy xor-keras mnist
SUPPORTED = import sys; print(sys.version_info[:2] in [(3, 11), (3, 12), (3, 13)])

.PHONY: help run test lint bench plots lock clean setup $(EXAMPLES)
.NOTPARALLEL:

help:
	@echo 'make run        set up, then run the four examples in the order of the post'
	@echo 'make EXAMPLE    set up, then run one: $(EXAMPLES)'
	@echo 'make test       set up, then run the tests'
	@echo 'make lint       set up, then check the form of the code'
	@echo 'make bench      set up, then measure the examples against what they replace (half an hour)'
	@echo "make plots      set up, then renew the README's pictures"
	@echo 'make lock       renew what environment.yml pins beyond its direct dependencies (needs uv)'
	@echo 'make clean      remove what these have made, .venv and the trained model included'
	@echo
	@echo 'To set up is to make .venv from environment.yml with python3, or with the interpreter that you name:'
	@echo 'make run PYTHON=python3.12. One that has the packages already, say in an activated conda environment,'
	@echo 'is used as it is, and no .venv is made: make run PYTHON=python'

.SECONDEXPANSION:
setup: $$(if $$(shell $$(PYTHON) tests/interpreter.py),,.venv/ready)

.venv/ready: environment.yml
	$(if $(findstring True,$(shell $(PYTHON) -c '$(SUPPORTED)')),,\
	$(error TensorFlow needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is none of them: make PYTHON=python3.12))
	$(PYTHON) -m venv --clear .venv
	sed -n 's/^      - \([^#]*==[^#]*\).*/\1/p' environment.yml >.venv/requirements.txt
	.venv/bin/python -m pip install --disable-pip-version-check -r .venv/requirements.txt
	touch $@

run: $(EXAMPLES)

$(EXAMPLES): setup
	cd $@ && $(RUN) main.py

test: setup
	$(RUN) -m pytest -n auto --dist loadfile tests

lint: setup
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

bench: setup
	$(RUN) tests/benchmark.py

plots: setup
	cd xor-numpy && $(RUN) main.py --plot
	cd xor-keras && $(RUN) main.py --plot
	cd mnist && $(RUN) main.py --plot

lock:
	$(PYTHON) tests/lock.py

clean:
	rm -rf .venv .pytest_cache .ruff_cache mnist/model.keras
	find . -name __pycache__ -prune -exec rm -rf {} +
