"""Where a search was found: the line of a call's summary or transcript that answers it best, its words marked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from db import lexemes, search
from db.lexemes import Word
from web.finding import Search

BEFORE, LONGEST = 60, 180
"""Characters shown before the first word that was found, and in all: two lines of a phone."""

ALIKE = 3
"""Letters that words of one stem have in common at the least: the others' stems need not be asked for."""

Snippet = list[tuple[str, bool]]
"""Pieces of text, and whether each was looked for."""


@dataclass(frozen=True)
class _Line:
    text: str
    words: Sequence[Word]


def snippets(session: Session, sought: Search, calls: Sequence[int]) -> dict[int, Snippet]:
    """By call; calls in which no word was found, but a number or a name, are left out."""
    if not sought.terms or not calls:
        return {}
    lines = {call: [_Line(line, list(lexemes.words(line))) for line in text] for call, text in _texts(session, calls)}
    stems = search.stems(session, _candidates(sought, [line for found in lines.values() for line in found]))
    found = {call: _best(sought, stems, texts) for call, texts in lines.items()}
    return {call: snippet for call, snippet in found.items() if snippet}


def _texts(session: Session, calls: Sequence[int]) -> list[tuple[int, list[str]]]:
    """What was said comes first: of two lines that answer equally well it is the one that is meant."""
    rows = search.contents(session, calls)
    return [(row.id, [*search.said(row).splitlines(), *(row.summary or "").splitlines()]) for row in rows]


def _candidates(sought: Search, lines: Sequence[_Line]) -> list[str]:
    asked = {word for term in sought.terms for word in term.words}
    beginnings = {word[:ALIKE] for word in asked}
    near = {word.folded for line in lines for word in line.words if word.folded[:ALIKE] in beginnings}
    return sorted(asked | near)


def _best(sought: Search, stems: Mapping[str, str], lines: Sequence[_Line]) -> Snippet | None:
    best: tuple[int, _Line, list[Word]] = (0, _Line("", ()), [])
    for line in lines:
        hits = [(word, term) for word in line.words for term in sought.terms if lexemes.is_meant(word, term, stems)]
        answered = len({term.typed for _, term in hits})
        if answered > best[0]:
            best = (answered, line, [word for word, _ in hits])
    return _cut(best[1].text, best[2]) if best[0] else None


def _cut(text: str, hits: Sequence[Word]) -> Snippet:
    """The words around the first hit; whole words, with dots where something is left out."""
    start = _boundary(text, max(hits[0].start - BEFORE, 0))
    end = min(len(text), max(start + LONGEST, hits[0].end))
    if end < len(text):
        end = max(text.rfind(" ", start, end), hits[0].end)
    pieces: Snippet = [("…", False)] if start else []
    place = start
    for hit in hits:
        if place <= hit.start and hit.end <= end:
            pieces += [(text[place : hit.start], False), (text[hit.start : hit.end], True)]
            place = hit.end
    pieces += [(text[place:end], False), ("…" if end < len(text) else "", False)]
    return [piece for piece in pieces if piece[0]]


def _boundary(text: str, place: int) -> int:
    """The beginning of the next word."""
    return text.find(" ", place) + 1 if place and " " in text[place : place + BEFORE] else place
