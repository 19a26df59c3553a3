"""Crews end with their test."""

from collections.abc import Iterator

import pytest

from tests.support.crew import close_crews


@pytest.fixture(autouse=True)
def no_crew_is_left() -> Iterator[None]:
    yield
    close_crews()
