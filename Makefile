# The interpreter is the first of these that TensorFlow supports; where none is, uv fetches one. It is used as it is if
# it has the packages of environment.yml, else .venv is made with it.
PYTHON = python3 python3.13 python3.12 python3.11 .venv/bin/python uv
FOUND := $(shell for python in $(PYTHON); do "$$python" tests/interpreter.py && break; done 2>/dev/null)
WAYS_OUT = TensorFlow needs Python 3.11, 3.12 or 3.13 with venv, and none of these gives one: $(PYTHON). Install uv \
(curl -LsSf https://astral.sh/uv/install.sh | sh), on Debian python3-venv, or use conda (see README.md)
EXAMPLES = gpu-test xor-numpy xor-keras mnist

ifeq ($(firstword $(FOUND)),ready)
RUN = "$(wordlist 2,99,$(FOUND))"
else
RUN = "$(CURDIR)/.venv/bin/python"
VENV = .venv/made-with-$(or $(firstword $(FOUND)),$(filter uv,$(PYTHON)),none)
endif

.PHONY: help run draw test lint bench plots lock clean setup $(EXAMPLES)
.NOTPARALLEL:

help:
	@echo 'make run        run the four examples in the order of the post'
	@echo 'make EXAMPLE    run one: $(EXAMPLES)'
	@echo 'make draw       draw digits on a page, for the trained network to read'
	@echo 'make test       run the tests'
	@echo 'make lint       check the form of the code'
	@echo 'make bench      measure the examples against what they replace (45 minutes)'
	@echo "make plots      renew the README's plots"
	@echo 'make lock       renew what environment.yml pins beyond its direct dependencies (needs uv)'
	@echo 'make clean      remove what these have made, .venv and the trained model included'
	@echo
	@echo 'What needs packages makes .venv from environment.yml first, unless python3 has them already, as in an'
	@echo 'activated conda environment. To choose the interpreter: make run PYTHON=python3.12'

setup: $(VENV)

.venv/made-with-%: environment.yml
ifneq ($(FOUND),)
	"$(wordlist 2,99,$(FOUND))" -m venv --clear .venv
else ifneq ($(and $(filter uv,$(PYTHON)),$(shell command -v uv 2>/dev/null)),)
	uv venv --clear --seed --python 3.12 .venv
else
	$(error $(WAYS_OUT))
endif
	sed -n 's/^      - \([^#]*==[^#]*\).*/\1/p' environment.yml >.venv/requirements.txt
	.venv/bin/python -m pip install --disable-pip-version-check -r .venv/requirements.txt
	touch $@

run: $(EXAMPLES)

$(EXAMPLES): setup
	cd $@ && $(RUN) main.py

draw: setup mnist/model.keras
	cd mnist && $(RUN) predict.py --draw

mnist/model.keras:
	cd mnist && $(RUN) main.py

test: setup
	$(RUN) -m pytest -n auto --dist loadfile tests

lint: setup
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

bench: setup
	$(RUN) tests/benchmark.py

plots: setup
	cd xor-numpy && $(RUN) main.py --plot answers.png
	cd xor-keras && $(RUN) main.py --plot answers.png
	cd mnist && $(RUN) main.py --plot mistakes.png && $(RUN) predict.py photo.jpg --plot steps.png

lock:
	uv run --no-project tests/lock.py

clean:
	rm -rf .venv .pytest_cache .ruff_cache mnist/model.keras
	find . -name __pycache__ -prune -exec rm -rf {} +
