"""Finding calls by words, numbers and names: one document a call, one index over all of them.

The document is written in the transaction that changes what is in it. Calls that were there before are `unread` until
the sweep has come to them.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import case, select, text
from sqlalchemy.orm import Session

from db import leads, lexemes
from db.models import CallLog, CallSearch, Transcript
from db.texts import says

SPEAKERS = ("Customer: ", "Business: ", "Unknown: ")
"""With which the lines of final_transcript begin; nobody said that."""

NEWEST = 5000
"""Calls among which the sweep looks for those that an old system beside us has written."""

NOTE_THE_NEWEST = text(
    """INSERT INTO call_search (call_id) SELECT id FROM call_log c
    WHERE id > (SELECT max(id) FROM call_log) - :newest AND deleted_at IS NULL
        AND NOT EXISTS (SELECT FROM call_search s WHERE s.call_id = c.id)
    ON CONFLICT (call_id) DO NOTHING"""
)

WRITE = text(
    """INSERT INTO call_search AS known (call_id, document)
    SELECT call_id, strip(to_tsvector('english', english)) || array_to_tsvector(string_to_array(lexemes, ' '))
    FROM unnest(CAST(:calls AS bigint[]), CAST(:english AS text[]), CAST(:lexemes AS text[]))
        AS d (call_id, english, lexemes)
    ON CONFLICT (call_id) DO UPDATE SET document = excluded.document
    WHERE known.document IS DISTINCT FROM excluded.document"""
)

STEMS = text("SELECT word, (ts_lexize('english_stem', word))[1] FROM unnest(CAST(:words AS text[])) AS w (word)")


def write(session: Session, calls: Sequence[int]) -> None:
    """Write the documents of these calls anew, from what the tables hold now."""
    session.flush()
    read = [(row.id, *_document(row)) for row in contents(session, calls)]
    if read:
        ids, english, found = zip(*read, strict=True)
        session.execute(WRITE, {"calls": list(ids), "english": list(english), "lexemes": list(found)})


def note_the_newest(session: Session) -> None:
    """What an old system beside us has written is unread."""
    session.execute(NOTE_THE_NEWEST, {"newest": NEWEST})


def unread(session: Session, size: int) -> Sequence[int]:
    """The newest calls that have no document yet, locked."""
    return session.scalars(
        select(CallSearch.call_id)
        .where(CallSearch.document.is_(None))
        .order_by(CallSearch.call_id.desc())
        .limit(size)
        .with_for_update(skip_locked=True)
    ).all()


def contents(session: Session, calls: Sequence[int]) -> Sequence[Any]:
    """Of our own transcript only the text that was made of it; of an old one whatever column it is in."""
    is_ours = Transcript.call_id.is_not(None)
    return session.execute(
        select(
            CallLog.id,
            CallLog.business_id,
            CallLog.direction,
            CallLog.created_at,
            CallLog.from_number,
            CallLog.to_number,
            CallLog.summary,
            CallLog.final_transcript,
            case((is_ours, None), else_=CallLog.transcription).label("transcription"),
            case((is_ours, None), else_=CallLog.transcript).label("transcript"),
        )
        .outerjoin(Transcript, Transcript.call_id == CallLog.id)
        .where(CallLog.id.in_(calls))
    ).all()


def _document(row: Any) -> tuple[str, str]:
    """Its English words, which PostgreSQL reduces to stems; and all lexemes."""
    theirs, ours = row.from_number, row.to_number
    if row.direction == "outbound":
        theirs, ours = ours, theirs
    texts = (row.summary, said(row), theirs)
    kept = list(_distinct(part[: lexemes.LONGEST_TEXT] for part in texts if part))
    found = {*lexemes.of_words(kept), *lexemes.of_number(theirs), *lexemes.of_own_number(ours)}
    found.add(lexemes.of_month(row.created_at.year, row.created_at.month) if row.created_at else lexemes.of_no_month())
    if row.business_id is not None:
        found.add(lexemes.of_business(row.business_id))
    return " ".join(word for word in kept if word.isascii()), " ".join(found)


def said(row: Any) -> str:
    """What was said on a call, without the names of who said it."""
    columns = (row.final_transcript, row.transcription, row.transcript)
    whole = next((column for column in columns if says(column)), "")
    return "\n".join(_without_speaker(line) for line in whole.splitlines())


def _without_speaker(line: str) -> str:
    for speaker in SPEAKERS:
        line = line.removeprefix(speaker)
    return line


def _distinct(texts: Iterable[str]) -> Iterator[str]:
    """The words of the texts, each once, as many as a document holds."""
    room, seen = lexemes.MOST_BYTES, set[str]()
    for word in (word.folded for part in texts for word in lexemes.words(part)):
        if word not in seen:
            room -= len(word.encode()) + 1
            if room < 0:
                return
            seen.add(word)
            yield word


def question(session: Session, business_id: int | None, terms: Sequence[lexemes.Term]) -> str:
    """The terms as a TSQUERY for the calls of a business, or of all for None: each must be found."""
    roots = stems(session, [word for term in terms for word in term.words])
    parts = [lexemes.question(term, roots, _named(session, business_id, term)) for term in terms]
    own = [] if business_id is None else [f"'{lexemes.of_business(business_id)}'"]
    return " & ".join([*own, *parts])


def stems(session: Session, words: Sequence[str]) -> dict[str, str]:
    """The English stems of those words that have one."""
    english = [word for word in words if word.isascii() and word.isalpha()]
    found = session.execute(STEMS, {"words": english}).all() if english else []
    return {word: stem for word, stem in found if stem and stem.isalnum()}


def _named(session: Session, business_id: int | None, term: lexemes.Term) -> list[str]:
    if term.digits:
        return []
    spellings = {term.typed.lower(), term.words[0]}
    whole = not term.may_go_on
    parties = {
        party for spelling in spellings for party in leads.parties_named(session, business_id, spelling, whole=whole)
    }
    return sorted(lexemes.number_of_business(business, number) for business, number in parties)
