"""Bugs planted on purpose: each must be found by the test that is there for it."""
