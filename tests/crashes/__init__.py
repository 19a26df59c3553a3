"""Processes that kill themselves at one point, and what becomes of their calls."""

import pytest

pytest.register_assert_rewrite("tests.crashes.bench", "tests.crashes.right_end", "tests.crashes.scenes")
