# The few commands of everyday work. Each stands for itself; `make check` is what a change must pass.
.PHONY: install test check docs wheel

install:
	pip install -e ".[test,dev,docs]"

test:
	pytest -n auto

check:
	ruff check && ruff format --check && mypy && python -m nepkit.cli.reference --check && pytest -n auto

docs:
	sphinx-build -W --keep-going -b html docs docs/_build/html

wheel:
	pip wheel --no-deps -w dist .
