"""Calls of three seconds; and crews end with their test."""

from tests.full.conftest import no_crew_is_left, short_audio

__all__ = ["no_crew_is_left", "short_audio"]
