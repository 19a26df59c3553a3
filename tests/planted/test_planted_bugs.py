"""Every planted bug is found by its test, in a copy of the project; and the tests pass where no bug is planted."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conf.settings import ROOT
from tests.planted.bugs import BUGS, Bug

NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "node_modules", "var", "__pycache__", ".mypy_cache", ".ruff_cache")
LONGEST_SECONDS = 120
KILLED = 1
"""pytest's exit status when tests failed; any other one means that it could not run them."""

NO_BUG = {"NameError:", "SyntaxError:", "ImportError:", "IndentationError:"}

found: list[str] = []

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("planted") / "project"
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED, symlinks=True)
    yield folder
    sys.stdout.write(f"\nplanted bugs found: {len(found)}/{len(BUGS)}\n")


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_the_bug_is_found_by_its_test(bug: Bug, copy: Path) -> None:
    source = copy / bug.file
    whole = source.read_text()
    assert whole.count(bug.old) == 1, "the line is not there any more: plant the bug anew"

    source.write_text(whole.replace(bug.old, bug.new))
    try:
        ran = run(copy, bug.test)
    finally:
        source.write_text(whole)

    assert ran.returncode == KILLED, ran.stdout + ran.stderr
    assert not NO_BUG & set(ran.stdout.split()), "this breaks the code and not what it does"
    found.append(bug.name)


def test_without_a_bug_all_these_tests_pass(copy: Path) -> None:
    ran = run(copy, *sorted({bug.test for bug in BUGS}))

    assert ran.returncode == 0, ran.stdout + ran.stderr


def run(folder: Path, *tests: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pytest", "-n", "0", "-x", "--timeout", str(LONGEST_SECONDS), *tests]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=4 * LONGEST_SECONDS)
