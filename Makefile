# Everything a person needs: `make run`, `make test`. Nothing is installed outside .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONFIG ?= config/ytaudio.toml
# An editable install must find this checkout whatever the caller's environment says.
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE

.PHONY: help install uninstall run demo test test-long check format lint types imports torture soak bench schemas man failures clean

help:
	@echo "make run     set up .venv and start the daemon in the foreground"
	@echo "make demo    the whole path, offline, against the tests' own YouTube"
	@echo "make test    set up .venv and run the tests"
	@echo "make test-long  those that take minutes, too, and ten times the random examples"
	@echo "make check   format, lint, types, import contract, tests"
	@echo "make torture kill the daemon at every step for some minutes, then check everything:"
	@echo "             [MINUTES=3] [SEED=any] [SABOTAGE=NAME|all: a defence taken away must show]"
	@echo "             [DATABASE=postgres]"
	@echo "make soak    floods, endless bodies, a backlog, 5,000 jobs: is it all bounded? Minutes to an hour:"
	@echo "             [CASES='files lines sessions body backlog leaks'] [QUICK=1]"
	@echo "make bench   measure against other tools, in 20 minutes; writes docs/performance.md"
	@echo "             [QUICK=1: in two minutes, printed] [ONLY='links flood': these, printed]"
	@echo "make schemas write ytaudio_daemon/schemas/*.json from the types of the documents"
	@echo "make man     write docs/ytaudio.1 from the parsers of the commands"
	@echo "sudo make install      as a system service, and again for every upgrade"
	@echo "sudo make uninstall    program and service; audio, ledger and config stay"
	@echo "make clean   remove .venv and caches; never inbox, downloads or state"

$(VENV)/.run: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version 2>&1)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo; echo "Python cannot make a virtual environment. On Debian:"; \
	    echo "  sudo apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[bundled,postgres,api,notify]'
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

# A Python of your choice only when you name one: whose it is matters to a service.
install:
	@$(if $(filter command% environment%,$(origin PYTHON)),PYTHON='$(PYTHON)') systemd/install.sh install

uninstall:
	@systemd/install.sh uninstall

run: $(VENV)/.run
	@echo "In another terminal: $(BIN)/ytaudio status --watch; help: $(BIN)/ytaudio --help"
	@exec $(BIN)/ytaudio --config $(CONFIG) run

demo: $(VENV)/.dev
	@$(BIN)/python -m examples.demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses=4 --dist=loadfile --no-loadscope-reorder

test-long: $(VENV)/.dev
	$(BIN)/python -m pytest -m 'long or not long' --hypothesis-profile=long \
	  --numprocesses=4 --dist=loadfile --no-loadscope-reorder

check: format lint types imports test

format: $(VENV)/.dev
	$(BIN)/ruff format --check

lint: $(VENV)/.dev
	$(BIN)/ruff check

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

torture: $(VENV)/.dev
	@$(BIN)/python -m torture $(if $(MINUTES),--minutes=$(MINUTES)) $(if $(SEED),--seed=$(SEED)) \
	  $(if $(SABOTAGE),--sabotage=$(SABOTAGE)) $(if $(DATABASE),--database=$(DATABASE))

soak: $(VENV)/.dev
	@$(BIN)/python -m soak $(CASES) $(if $(QUICK),--quick)

bench: $(VENV)/.dev
	$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY)) $(if $(QUICK),--quick)

schemas: $(VENV)/.run
	$(BIN)/python -m tools.schemas

man: $(VENV)/.run
	$(BIN)/python -m tools.man_page >docs/ytaudio.1.new
	mv docs/ytaudio.1.new docs/ytaudio.1

failures: $(VENV)/.run
	$(BIN)/python -m tools.failure_table >docs/failures.md.new
	mv docs/failures.md.new docs/failures.md

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist
	find ytaudio_daemon tests torture soak bench examples -name __pycache__ -prune -exec rm -rf {} +
