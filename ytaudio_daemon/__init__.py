"""A daemon that turns text files of YouTube links into tagged, proven audio."""

__version__ = "0.1.0"
