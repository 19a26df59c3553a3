"""The edges that docs/state-machine.md draws: what the page says is what the drill allows."""

import re
from collections.abc import Mapping, Sequence

from conf.settings import ROOT

PAGE = ROOT / "docs" / "state-machine.md"
START = "[*]"
PLACES = {
    "recording_status": ("recording_status",),
    "recording_download_status": ("recording_download_status",),
    "transcript_status and summary_status": ("transcript_status", "summary_status"),
}
"""The columns that a section of the page is about, by how its title begins."""

EDGE = re.compile(r"^\s+(\S+) --> ([^\s:]+)", re.MULTILINE)
ALIAS = re.compile(r'^\s+state "(\w+)[^"]*" as (\w+)', re.MULTILINE)

Edge = tuple[str, str]


def edges() -> Mapping[str, frozenset[Edge]]:
    """The allowed changes of each column; the start is None in the database."""
    sections = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)
    return {column: _drawn(_section(sections, title)) for title, columns in PLACES.items() for column in columns}


def _section(sections: Sequence[str], title: str) -> str:
    return next(section for section in sections if re.match(rf"{title}\b", section.partition(":")[0]))


def _drawn(section: str) -> frozenset[Edge]:
    aliases = {alias: name for name, alias in ALIAS.findall(section)}
    return frozenset((aliases.get(was, was), aliases.get(becomes, becomes)) for was, becomes in EDGE.findall(section))
