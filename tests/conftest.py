"""Fixtures for every suite; each lives beside what it starts."""

pytest_plugins = ["tests.integration.ledger_fixtures", "tests.youtube.fixtures"]
