"""The Python packages that are installed beside this program."""

from importlib.metadata import PackageNotFoundError, version


def installed_version(distribution: str) -> str:
    """Return the version of an installed package, or "" if it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
