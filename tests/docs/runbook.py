"""The blocks of docs/runbook.md, by their titles: what is tested is what is typed."""

import re
import textwrap

from conf.settings import ROOT

PAGE = ROOT / "docs" / "runbook.md"
BLOCK = re.compile(r"^ *```(sql|sh)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r"(?:--|#) (.+)")


def blocks(language: str) -> dict[str, str]:
    """The text of each block; its first line says what it is for."""
    found = [textwrap.dedent(text) for kind, text in BLOCK.findall(PAGE.read_text()) if kind == language]
    titles = [TITLE.match(text) for text in found]
    return {title[1]: text for title, text in zip(titles, found, strict=True) if title}


def block(language: str, beginning: str) -> str:
    """The one whose title begins so."""
    return next(text for title, text in blocks(language).items() if title.startswith(beginning))
