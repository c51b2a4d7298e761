"""The cases, each with one function `soak`."""
