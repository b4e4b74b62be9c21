# Two commands do everything on a machine with Python 3.11 or newer: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test prove bench serve clean

$(BIN)/segur-bench: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 ou plus récent est nécessaire (PYTHON=python3.12 make …)"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "Le module venv manque : apt-get install python3-venv"; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(BIN)/tox: $(BIN)/segur-bench
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "tox>=4.67"
	@touch $@

demo: $(BIN)/segur-bench
	$(BIN)/segur-bench run --sut reference

serve: $(BIN)/segur-bench
	$(BIN)/segur-bench serve

test: $(BIN)/tox
	$(BIN)/tox

prove: $(BIN)/segur-bench
	$(BIN)/segur-bench prove

bench: $(BIN)/segur-bench
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .tox runs
