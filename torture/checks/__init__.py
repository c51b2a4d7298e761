"""What must be true at the end of a run; each check yields what is not."""
