"""What these tests share with those of many calls."""

from tests.full.conftest import short_audio

__all__ = ["short_audio"]
