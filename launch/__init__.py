"""Starts everything on one machine: `make run`, `make demo`, and the servers that tests use."""
