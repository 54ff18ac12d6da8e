PYTHON ?= .venv/bin/python
STAMP := .venv/installed

.PHONY: demo session test kernels lint docs docs-serve docs-check peers bench clean

demo: $(STAMP)
	$(PYTHON) examples/house_prices.py

session: $(STAMP)
	$(PYTHON) docs/record_session.py

test: $(STAMP)
	bash tools/check.sh $(PYTHON)

kernels: $(STAMP)
	bash tools/kernels.sh $(PYTHON) --all

lint: $(STAMP)
	.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/lint-imports && .venv/bin/mypy

# Executes the cells of all pages; what has not changed comes from docs/_build/executed.
docs: $(STAMP)
	$(PYTHON) -m sphinx -b html -W --keep-going docs docs/_build/html
	@echo "Open file://$(CURDIR)/docs/_build/html/index.html, or run: make docs-serve"

docs-serve:
	@echo "http://localhost:8000"
	$(PYTHON) -m http.server -d docs/_build/html 8000

# Executes nothing: tests/test_docs.py runs the cells.
docs-check:
	$(PYTHON) -m sphinx -q -b html -W --keep-going -D plot_gallery=0 -D nb_execution_mode=off docs docs/_build/check

peers: $(STAMP)
	@if [ -d ../shared/peers ]; then cd ../shared/peers && $(abspath $(PYTHON)) run_peers.py voting stacking ens_common adaboost bagging --path $(CURDIR) --out $(CURDIR)/out/peers --fail-under 97 && $(abspath $(PYTHON)) run_peers.py gboost --path $(CURDIR) --out $(CURDIR)/out/peers_boosting --fail-under 85; \
	else echo "../shared/peers is not there: nothing to run"; fi

bench: $(STAMP)
	cd asv_bench && ../.venv/bin/asv machine --yes && ../.venv/bin/asv run --quick --python=same

clean:
	rm -rf .venv out docs/_build docs/generated docs/auto_examples

$(STAMP): pyproject.toml
	test -x .venv/bin/python || python3 -m venv .venv
	.venv/bin/python -m pip install -q --upgrade "pip>=25.1"
	.venv/bin/python -m pip install -q -e ".[demo]" --group test --group lint --group docs --group bench
	touch $(STAMP)
