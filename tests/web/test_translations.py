"""Everything people read is there in Hebrew too."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

WEB = Path(__file__).resolve().parents[2] / "web"
HEBREW = WEB / "translations" / "he" / "LC_MESSAGES" / "messages.po"
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@pytest.fixture(scope="module")
def hebrew() -> Catalog:
    return catalogue(HEBREW)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Every text of the code and the templates, as they are now."""
    found = tmp_path_factory.mktemp("texts") / "messages.pot"
    extract = ["extract", "--mapping", str(WEB / "babel.cfg"), "--output", str(found), str(WEB)]
    subprocess.run([sys.executable, "-m", "babel.messages.frontend", "--quiet", *extract], check=True)
    return catalogue(found)


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def texts_of(book: Catalog) -> list[Message]:
    """Its messages without the header."""
    return [message for message in book if message.id]


def forms(text: object) -> list[str]:
    """Singular and plural, where a text has both."""
    return [str(one) for one in text] if isinstance(text, list | tuple) else [str(text or "")]


def test_every_text_has_its_hebrew(written: Catalog, hebrew: Catalog) -> None:
    missing = []
    for message in texts_of(written):
        known = hebrew.get(message.id)
        if known is None or known.fuzzy or not all(forms(known.string)):
            missing.append(message.id)

    assert len(written) > 100
    assert missing == []


def test_hebrew_holds_nothing_that_nobody_says_any_more(written: Catalog, hebrew: Catalog) -> None:
    assert [message.id for message in texts_of(hebrew) if written.get(message.id) is None] == []


def test_what_is_filled_in_is_filled_in_hebrew_too(hebrew: Catalog) -> None:
    for message in texts_of(hebrew):
        for text in forms(message.string):
            unknown = set(PLACEHOLDER.findall(text)) - set(PLACEHOLDER.findall(" ".join(forms(message.id))))
            assert not unknown, text
        most = set(PLACEHOLDER.findall(forms(message.id)[-1]))
        assert set(PLACEHOLDER.findall(forms(message.string)[-1])) == most, message.id
