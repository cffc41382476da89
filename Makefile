# Two commands do everything: make demo, make test. Both set up .venv first: the demo with what it needs, tests with all.
VENV := .venv
PYTHON ?= $(shell for p in python3.12 python3.13 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 12) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)
EQUISPIKE := $(VENV)/bin/equispike
DEMO := runs/demo
# The folders as the packages that they are installed as, for mypy and editors.
TREE := build/tree/equispike

# The figures of experiments in docs/, on one model or two each: experiment, model, figure.
EXPERIMENTS := step-current:hodgkin-huxley:step-current ramp-current:adex:ramp-current fi-curve:lif:fi-curve \
	strength-duration:hodgkin-huxley:strength-duration action-potential:hodgkin-huxley:action-potential \
	anode-break:hodgkin-huxley:anode-break firing-patterns:izhikevich:firing-patterns firing-patterns:adex:firing-patterns \
	synaptic-kernel:nmda:synaptic-kernel spike-pairing:pair-stdp:window spike-pairing:triplet-stdp:frequency \
	weight-distribution:additive:weight-distribution

# The second environment, for --backend genn; Brian2 2.5.4 is built here: it has no wheel for Python 3.12.
GENN_VENV := .venv-genn
GENN_PYTHON ?= python3.12

.PHONY: core setup genn-env demo test test-fast dist smoke lint docs results figures clean

core: $(VENV)/.core
setup: $(VENV)/.installed

$(VENV)/.core: pyproject.toml setup.py
	@test -n "$(PYTHON)" || { echo "Python 3.12 or 3.13 was not found: install it, or run make PYTHON=/path/to/python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --disable-pip-version-check --editable .
	touch $@

$(VENV)/.installed: $(VENV)/.core
	$(VENV)/bin/python -m pip install --disable-pip-version-check --editable '.[dev]'
	touch $@

genn-env:
	@command -v $(GENN_PYTHON) >/dev/null || { echo "$(GENN_PYTHON) was not found: install it, or run make genn-env GENN_PYTHON=/path/to/python3.12"; exit 2; }
	$(GENN_PYTHON) -m venv $(GENN_VENV)
	$(GENN_VENV)/bin/python -m pip install --quiet --disable-pip-version-check 'setuptools<81' wheel \
		numpy==1.26.4 Cython==3.0.12 brian2==2.5.4 brian2genn==1.7.0

demo: core
	rm -rf $(DEMO)
	$(EQUISPIKE) train diehl-cook --data digits --set n_exc=100 --images 6000 --out $(DEMO)
	$(EQUISPIKE) evaluate $(DEMO)
	$(EQUISPIKE) figures $(DEMO)
	@echo "The run is in $(DEMO)/, its pictures in $(DEMO)/figures/; look at weights.png first."

test: setup
	$(VENV)/bin/python -m pytest -n auto --maxprocesses 4 --dist worksteal --durations=30

# For every save, once a run has filled the caches.
test-fast: setup
	$(VENV)/bin/python -m pytest -m "not slow" -n auto --maxprocesses 2 --dist worksteal

# The archives that a release uploads, and what a stranger does with them: they are installed into an empty environment.
dist: setup
	rm -rf dist && $(VENV)/bin/python -m build --outdir dist .

smoke: dist
	rm -rf build/smoke && $(PYTHON) -m venv build/smoke
	build/smoke/bin/python -m pip install --disable-pip-version-check dist/*.whl
	build/smoke/bin/python tests/smoke.py

lint: setup
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	mkdir -p $(TREE) && ln -sfn $(CURDIR)/equispike/*.py $(TREE)/ && ln -sfn $(CURDIR)/models $(CURDIR)/protocols $(CURDIR)/analysis $(CURDIR)/scripts $(TREE)/
	$(VENV)/bin/mypy

# Notebooks are executed anew: what is cached of them knows nothing of our code. Without: DOCS_OPTIONS='-D nb_execution_mode=off'.
docs: $(VENV)/.docs
	rm -rf build/docs build/notebooks
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/sphinx-build --quiet --fail-on-warning --keep-going $(DOCS_OPTIONS) docs build/docs
	@echo "The site is in build/docs; open build/docs/index.html."

$(VENV)/.docs: $(VENV)/.installed
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	touch $@

results: setup
	$(EQUISPIKE) results records --into README.md --into docs/results.md
	$(EQUISPIKE) compare records --out results/comparison.csv

# All experiments before the first picture changes: what they draw then carries a commit without changes.
figures: setup
	rm -rf runs/figures
	for each in $(EXPERIMENTS); do set -- $$(echo $$each | tr : ' '); \
		$(EQUISPIKE) experiment $$1 $$2 --out runs/figures/$$1-$$2 || exit; done
	for each in $(EXPERIMENTS); do set -- $$(echo $$each | tr : ' '); mkdir -p docs/figures/experiments/$$1 && \
		cp runs/figures/$$1-$$2/figures/$$3.png docs/figures/experiments/$$1/$$2.png || exit; done
	$(EQUISPIKE) figures pretrained/diehl-cook-400 --only weights --out docs/figures/diehl-cook-400
	$(EQUISPIKE) figures records/dc100-s0 --only learning --out docs/figures/dc100
	$(EQUISPIKE) figures records/conv-s0 --only kernels-conv2 --out docs/figures/conv
	$(EQUISPIKE) compare records --out results/comparison.csv --figures docs/figures/comparison
	$(EQUISPIKE) sweep sweeps/dc-size.yaml --table results/sweeps/dc-size.csv --out docs/figures/sweeps
	$(VENV)/bin/python tests/recipes.py

clean:
	rm -rf $(VENV) runs/demo
