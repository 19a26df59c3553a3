"""Measurements; they print tables and never fail on a slow machine."""
