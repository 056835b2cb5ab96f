# The two commands a newcomer needs are `make repro` and `make test`; both set everything up by themselves.
.DEFAULT_GOAL := help
.PHONY: help install judge repro test check ui serve app

# The first Python that fits pyproject.toml; override with `make PYTHON=/path/to/python3.12 …`.
PYTHON ?= $(shell for p in python3.11 python3.12 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null && echo $$p && break; done)
# inaFaceAnalyzer's: constraints.judge.txt was seen to work on 3.11, and TensorFlow 2.15 goes no further.
JUDGE_PYTHON ?= $(shell command -v python3.11)
BIN := $(CURDIR)/.venv/bin
export PATH := $(BIN):$(PATH)
unexport PYTHONPATH
# Waiting threads spin for some microseconds, then sleep. Without spinning a training step takes half as long again on an
# idle machine; with libgomp's own, longer spinning it takes up to five times as long beside other programs.
export GOMP_SPINCOUNT ?= 5000
# OpenBLAS's threads, those of numpy and scipy, spin as well: on busy cores a Fréchet distance takes ten times as long, and
# on two idle ones one thread is as fast.
export OPENBLAS_NUM_THREADS ?= 1

help:  ## This text
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

install: .venv/installed  ## Create .venv with everything in it (the other commands do it when needed)

# opencv's ordinary wheels, which mediapipe and insightface ask for by name, need the system's libGL; the headless build
# of the same version, laid over them, needs nothing.
.venv/installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or 3.12 found; install one, or say make PYTHON=/path/to/it"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[corpus,pipeline,app,cluster,dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall -c constraints.txt opencv-contrib-python-headless
	@touch $@

judge: .judge/ready  ## Set up inaFaceAnalyzer, the paper's judge of age and gender, in .judge: 2 GB, and its weights

.judge/installed: constraints.judge.txt
	@test -n "$(JUDGE_PYTHON)" || { echo "error: no Python 3.11 found; install one, or say make judge JUDGE_PYTHON=/path/to/it"; exit 2; }
	$(JUDGE_PYTHON) -m venv .judge
	.judge/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r constraints.judge.txt
	@touch $@

# It fetches its weights, loads, and says what it has: without a question it has nothing more to do.
.judge/ready: .judge/installed
	@.judge/bin/python -I s2f/faces/inaface_worker.py .judge/home </dev/null >.judge/said && mv .judge/said $@
	@echo "inaFaceAnalyzer is ready: face_models.age_gender: inaFaceAnalyzer"

repro: .venv/installed  ## Run the whole pipeline (on the embedded sample, unless params.yaml says otherwise)
	@s2f params check && dvc repro && echo "The report: $(CURDIR)/reports/index.html"

test: .venv/installed  ## Run the tests
	@pytest -n 2 --dist loadgroup --no-loadscope-reorder

check: .venv/installed  ## Lint, format, types, import floors, stage dependencies, the README's tree
	@ruff check . && ruff format --check . && mypy && pytest tests/project

serve: .venv/installed  ## Offer both corpus builds on Prefect's page, beside `make ui`: start, schedule, edit parameters
	@python -m flows.serving

ui: .venv/installed  ## Start the Prefect server, so that corpus builds can be watched in a browser
	@python -m flows.local_server --ui

app: .venv/installed  ## Start the web page: a voice in, faces out (after `make repro`)
	@s2f app
