"""What a call is found by: the words and numbers that its document holds, and that a search asks for.

A document and a search go through the same functions here, so that they meet. Words are folded: small letters, no
niqqud or accents, no quotes inside. Hebrew words are also kept without their prefix letters, after a `~`. No word
begins as numbers do: `:n972…`, `:r…` read backwards, `:o…` our own; as the business, `:b17`, or the month, `:m202503`.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import phonenumbers

MARKS = "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f"
"""Accents, niqqud, and the Arabic vowel signs: they stand inside words, and people search without them."""

WORD = re.compile(rf"[^\W_](?:[^\W_]|[{MARKS}]|['’׳\"״](?=[^\W_]))*")
NUMBER = re.compile(r"\+?\d(?:[\s().\-/‐‑–]{0,3}\d)*")
TRUNK = re.compile(r"\(0\)")
"""As in +44 (0)20: whoever dials the country leaves it out."""

LEAST_DIGITS = 3
"""With fewer a number would be almost any."""

LONGEST_WORD = 64
MOST_BYTES = 100_000
"""Of a document's words: PostgreSQL takes a megabyte with all that is made of them. Four hours of talk have less."""

LONGEST_TEXT = 500_000
"""Characters of a text that are read, twice what is said in four hours: a second's work."""

PREFIXES = frozenset("והבלמשכ")
SHORTEST_REST = 2
SHORTEST_SHARED_REST = 4
"""Letters that two words with different prefixes must share: with three, Bloom would be found by shalom."""

LEAST_BEGINNING = 2
"""Letters from which on a word may be the beginning of another."""


@dataclass(frozen=True)
class Word:
    """A word where it stands in a text."""

    start: int
    end: int
    folded: str


@dataclass(frozen=True)
class Term:
    """Something that must be found: a word, or digits that may be a number."""

    typed: str
    words: tuple[str, ...]
    digits: str = ""
    is_last: bool = False

    @property
    def may_go_on(self) -> bool:
        """Whether the last word may be the beginning of a longer one: it is still being typed."""
        return self.is_last and len(self.words[-1]) >= LEAST_BEGINNING


def fold(text: str) -> str:
    """A word as it is compared."""
    if text.isascii() and text.isalnum():  # most are: the long way takes ten times as long
        return text.lower()[:LONGEST_WORD]
    letters = unicodedata.normalize("NFKD", text).casefold()
    return "".join(_digit(letter) for letter in letters if letter.isalnum())[:LONGEST_WORD]


def _digit(letter: str) -> str:
    return str(unicodedata.decimal(letter)) if letter.isdecimal() else letter


def words(text: str) -> Iterator[Word]:
    """The words of a text, in order."""
    for found in WORD.finditer(text):
        folded = fold(found.group())
        if folded:
            yield Word(found.start(), found.end(), folded)


def of_words(folded: Iterable[str]) -> Iterator[str]:
    """Lexemes for the words of a document."""
    for word in folded:
        yield word
        yield from (f"~{rest}" for rest in without_prefix(word))


def without_prefix(word: str) -> list[str]:
    """A Hebrew word without its first letter, and without its first two, where those may be prefixes."""
    rests = [word[1:]] if word[:1] in PREFIXES else []
    if rests and word[1:2] in PREFIXES:
        rests.append(word[2:])
    return [rest for rest in rests if len(rest) >= SHORTEST_REST]


def of_number(number: str | None) -> Iterator[str]:
    """Lexemes for a caller's number: as dialled from abroad, from within the country, and backwards."""
    plain = digits_of(number or "")
    if plain:
        yield f":r{plain[::-1]}"
        yield from (f":n{spelling}" for spelling in _spellings(number or ""))


def of_own_number(number: str | None) -> Iterator[str]:
    """Lexemes for the number of ours that was used: found only whole, since all calls have it."""
    yield from (f":o{spelling}" for spelling in _spellings(number or "") if spelling)


def _spellings(number: str) -> Iterator[str]:
    yield digits_of(number)
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return
    yield phonenumbers.national_significant_number(parsed)
    yield digits_of(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL))


def digits_of(text: str) -> str:
    """Its digits, in ours whatever the script."""
    return "".join(_digit(letter) for letter in text if letter.isdecimal())


def of_business(business_id: int) -> str:
    """The lexeme of all calls of a business."""
    return f":b{business_id}"


def of_month(year: int, month: int) -> str:
    """The lexeme of all calls of a month."""
    return f":m{year:04}{month:02}"


def of_no_month() -> str:
    """That of calls whose time is not known."""
    return ":m"


def terms(query: str) -> list[Term]:
    """What a search asks for; quotes and signs mean nothing. Empty where it holds neither letter nor digit."""
    text = TRUNK.sub("", query)
    found: list[Term] = []
    place = 0
    for number in NUMBER.finditer(text):
        if number.start() < place or len(digits_of(number.group())) < LEAST_DIGITS or _goes_on(text, number):
            continue
        found += _word_terms(text[place : number.start()])
        parts = tuple(word.folded for word in words(number.group()))
        found.append(Term(number.group(), parts, digits_of(number.group())))
        place = number.end()
    found += _word_terms(text[place:])
    return [*found[:-1], *(_last(term) for term in found[-1:])]


def _goes_on(text: str, number: re.Match[str]) -> bool:
    """Whether the digits are a part of a word, as in B2B."""
    before, after = text[: number.start()][-1:], text[number.end() :][:1]
    return before.isalnum() or after.isalpha()


def _word_terms(text: str) -> list[Term]:
    return [Term(text[word.start : word.end], (word.folded,)) for word in words(text)]


def _last(term: Term) -> Term:
    return Term(term.typed, term.words, term.digits, is_last=True)


def question(term: Term, stems: Mapping[str, str], named: Iterable[str] = ()) -> str:
    """The term as a part of a TSQUERY: any of its readings will do. `named` are such parts for callers of that name."""
    said = " & ".join(
        _any(_readings(word, stems, is_open=term.may_go_on and word is term.words[-1])) for word in term.words
    )
    numbers = _numbers(term.digits) if term.digits else []
    return _any([said, *numbers, *named])


def is_meant(found: Word, term: Term, stems: Mapping[str, str]) -> bool:
    """Whether a word of a text is what the term asks for, as PostgreSQL would have it."""
    return any(
        _is_reading(found.folded, word, stems, is_open=term.may_go_on and word is term.words[-1]) for word in term.words
    )


def _is_reading(found: str, word: str, stems: Mapping[str, str], *, is_open: bool) -> bool:
    if found == word or (is_open and found.startswith(word)) or (word in stems and stems[word] == stems.get(found)):
        return True
    if not _is_hebrew(word):
        return False
    rests, own = without_prefix(found), without_prefix(word)
    shared = {rest for rest in own if len(rest) >= SHORTEST_SHARED_REST}
    return found in own or any(
        rest == word or rest in shared or (is_open and rest.startswith((word, *shared))) for rest in rests
    )


def _readings(word: str, stems: Mapping[str, str], *, is_open: bool) -> Iterator[str]:
    ending = ":*" if is_open else ""
    yield _quoted(word) + ending
    if word in stems:
        yield _quoted(stems[word])
    if _is_hebrew(word):
        yield _quoted(f"~{word}") + ending
    for rest in without_prefix(word):
        yield _quoted(rest) + (ending if len(rest) > SHORTEST_REST else "")
        if len(rest) >= SHORTEST_SHARED_REST:
            yield _quoted(f"~{rest}") + ending


def _is_hebrew(word: str) -> bool:
    return "א" <= word[:1] <= "ת"


def _numbers(digits: str) -> list[str]:
    """Digits with which a number begins, or ends; 00 is how one leaves the country."""
    beginnings = {digits, digits.removeprefix("00")}
    found = [_quoted(f":n{beginning}") + ":*" for beginning in sorted(beginnings) if len(beginning) >= LEAST_DIGITS]
    return [*found, _quoted(f":r{digits[::-1]}") + ":*", _quoted(f":o{digits}")]


def number_of_business(business_id: int, number: str) -> str:
    """The part of a TSQUERY that finds the calls which a business has with a number."""
    return f"({_quoted(of_business(business_id))} & {_quoted(f':n{digits_of(number)}')})"


def _quoted(lexeme: str) -> str:
    return f"'{lexeme}'"  # letters, digits and our own marks: nothing that a TSQUERY would read


def _any(readings: Iterable[str]) -> str:
    found = list(dict.fromkeys(readings))
    return found[0] if len(found) == 1 else f"({' | '.join(found)})"
