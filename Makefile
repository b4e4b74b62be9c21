# Two commands do everything on a machine with Python 3.11 or newer: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test prove interop bench soak serve clean

$(BIN)/segur-bench: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 ou plus récent est nécessaire (PYTHON=python3.12 make …)"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "Le module venv manque : apt-get install python3-venv"; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(BIN)/tox: $(BIN)/segur-bench
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "tox>=4.67"
	@touch $@

demo: $(BIN)/segur-bench
	$(BIN)/segur-bench run --sut reference --window 0.5

serve: $(BIN)/segur-bench
	$(BIN)/segur-bench serve

test: $(BIN)/tox
	$(BIN)/tox

prove: $(BIN)/segur-bench
	$(BIN)/segur-bench prove $(PROVE)

# independent SOAP stacks (Java, C++, Node, PHP) against the DMP; as root on Debian, installs what they need
interop: $(BIN)/segur-bench
	sh tests/interop/install.sh
	SEGUR_BENCH_INTEROP=1 PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 $(BIN)/python -m pytest tests/interop -v

bench: $(BIN)/segur-bench
	$(BIN)/python -m benchmarks

# half an hour of mixed load with faults: nothing lost, nothing twice, nothing that grows
soak: $(BIN)/segur-bench
	$(BIN)/python -m benchmarks.soak --minutes $(or $(MINUTES),30)

clean:
	rm -rf $(VENV) .tox runs
