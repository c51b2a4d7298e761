"""Sessions expire, old rows and files are deleted."""
