"""Programs for developers, run with `make`; no part of the package."""
