# make demo, make test: everything on a fresh machine. make help lists the rest.
.DEFAULT_GOAL := $(if $(CONFIG),line,help)
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# PYTHON=FILE chooses the interpreter .venv is made with.
export PYTHON
# What users export for an FVP is not for our Python; stage 5 gives it to the model.
export FVP_PYTHONHOME ?= $(PYTHONHOME)
unexport PYTHONHOME PYTHONPATH

DEMO := mobilenetv2_corstone300_fp32 pplcnet_corstone310_int8 text_direction_corstone300_int8
JOBS ?= 2 # test processes
ARGS ?=   # more options for pytest: make test ARGS="-k requantise"
C_SOURCES = $(shell find app tests -name '*.[ch]')
SHELL_SCRIPTS = $(wildcard *.sh) $(wildcard scripts/*.sh) $(wildcard tests/systems/*) .ci/run

.PHONY: help demo line setup environment doctor compilers test lint format bench bench-check zoo profile accuracy memory readme pack clean

help: ## this list
	@echo 'make CONFIG=name       the five stages for configs/name.yaml'
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/make \1\t\2/p' Makefile | expand -t 23

demo: environment ## two networks from training to PASS, and a program that others trained
	@for name in $(DEMO); do $(MAKE) --no-print-directory line CONFIG=$$name; done
	@python -m paddle_cortexm.measure.summary $(DEMO)

line: environment
	./01_finetune.py --config $(CONFIG)
	./02_quantize.py --config $(CONFIG)
	./03_compile_tvm.py --config $(CONFIG)
	./04_build_app.sh --config $(CONFIG)
	./05_run_fvp.sh --config $(CONFIG)

setup: doctor ## Python, packages (root or sudo), .venv with the pinned requirements, and a table of what comes from where
	@python -m paddle_cortexm.networks.published || true # the demo without a network later; else stage 1 fetches it

environment: # what setup makes; quick when it is there
	@scripts/setup.sh

doctor: environment ## what this machine has and what the line takes of it: for a bug report
	@python -m paddle_cortexm.measure.doctor

compilers: environment ## every compiler that apt and PyPI have, for the tests that compare their bits
	@scripts/install_packages.sh compilers
	python -m pip install --quiet --disable-pip-version-check "$$(grep '^ziglang==' requirements-tools.txt)"

test: environment ## all tests, the real line included
	python -m pytest -n $(JOBS) --dist loadfile $(ARGS)

lint: environment ## ruff, mypy, clang-format, shellcheck
	ruff check .
	ruff format --check .
	mypy
	clang-format --dry-run --Werror $(C_SOURCES)
	shellcheck -x $(SHELL_SCRIPTS)

format: environment ## format Python and C, sort imports
	ruff check --select I --fix --quiet .
	ruff format .
	clang-format -i $(C_SOURCES)

bench: environment ## every network and precision, helium and CMSIS-NN: docs/performance.md
	python -m paddle_cortexm.measure.bench $(ARGS)

zoo: environment ## PaddleClas's small networks through the whole line: docs/zoo.md
	python -m paddle_cortexm.measure.zoo $(ARGS)

bench-check: environment ## the same; fails when a count is more than 1 % above docs/performance.json
	python -m paddle_cortexm.measure.bench --check $(ARGS)

profile: environment ## CONFIG=name: instructions and modelled cycles by layer and by function
	$(if $(CONFIG),,$(error say which deployment: make profile CONFIG=name))
	@$(MAKE) --no-print-directory line
	python -m paddle_cortexm.measure.profile --config $(CONFIG)

pack: environment ## CONFIG=name: an archive that stages 4 and 5 run from on another machine: build/NAME/NAME-pack.tar.gz
	$(if $(CONFIG),,$(error say which deployment: make pack CONFIG=name))
	@python -m paddle_cortexm.pack --config $(CONFIG)

accuracy: environment ## DATA=folder: every network and method, ONNX Runtime beside them: docs/accuracy.md
	@[ -n "$(DATA)" ] || { echo 'DATA=folder is needed (docs/accuracy.md says what lies in it); or DATA=digits'; exit 2; }
	python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-anchor.txt || true # left out then
	python -m paddle_cortexm.measure.accuracy "$(DATA)" $(ARGS)

memory: environment ## arenas of four networks, streamed and not: build/memory/results.json, docs/memory.md
	python -m paddle_cortexm.measure.memory

readme: environment ## every config through the line: the table of both READMEs
	python -m paddle_cortexm.measure.readme

clean: ## remove build/ (trained models too); .venv stays
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis
