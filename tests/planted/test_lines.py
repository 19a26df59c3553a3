"""Every planted bug still has its line: what is planted nowhere is found by nobody."""

import pytest

from conf.settings import ROOT
from tests.planted.bugs import BUGS, Bug


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_the_line_it_is_planted_in_is_there_once(bug: Bug) -> None:
    assert (ROOT / bug.file).read_text().count(bug.old) == 1
