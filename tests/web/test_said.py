"""A summary's facts lead to where they were said, and to nowhere else."""

from typing import Any

import pytest

from tests.web import sample_calls as sample
from web.said import Link, lines_of


def links(summary: str, turns: list[dict[str, Any]]) -> list[list[Link]]:
    return [line.links for line in lines_of(summary, turns)]


@pytest.mark.parametrize(
    ("line", "second"),
    [
        ("Customer: Order 4729, can't you bring it on Tuesday?", 2.6),
        ("you bring it on Tuesday", 4.4),
        ("CAN'T YOU bring it, on Tuesday…", 4.1),
    ],
)
def test_a_sentence_that_was_said_leads_to_its_first_word(line: str, second: float) -> None:
    assert links(line, sample.WORDS) == [[Link("", 2, second)]]


@pytest.mark.parametrize(
    "line",
    [
        "The customer wants it brought on Tuesday.",
        "on Tuesday? Yes, at ten.",  # two speakers
        "it on Tuesday",  # too little to be sure
        "bring it on Tuesdays please",
        "Summary:",
    ],
)
def test_what_was_not_said_word_for_word_leads_nowhere(line: str) -> None:
    assert links(line, sample.WORDS) == [[]]


def test_figures_lead_to_where_they_were_said_first() -> None:
    line = "Order 4729 is wanted, 12 chairs too, and 9999 is not theirs."

    assert links(line, sample.WORDS) == [[Link("4729", 2, 3.0)]]


def test_a_sentence_over_two_turns_of_one_speaker_is_found() -> None:
    assert links("Customer: about order number 4729. Can you bring it", sample.TURNS) == [[Link("", 2, 2.6)]]


def test_a_sentence_that_was_said_twice_leads_to_the_first_time() -> None:
    again = [turn | {"start": turn["start"] + 100, "words": []} for turn in sample.WORDS]

    assert links("can't you bring it on Tuesday", [*sample.WORDS, *again]) == [[Link("", 2, 4.1)]]


def test_hebrew_is_found_as_well() -> None:
    assert links("לקוח: אני מתקשרת בקשר להזמנה 4729.", sample.HEBREW_TURNS) == [[Link("", 2, 2.6)]]


def test_without_times_there_is_nowhere_to_lead() -> None:
    turns = [turn | {"start": None, "end": None} for turn in sample.TURNS]

    assert links(sample.SUMMARY, turns) == [[], []]


def test_blank_lines_are_left_out() -> None:
    assert [line.text for line in lines_of("One.\n\n  \nTwo.", sample.TURNS)] == ["One.", "Two."]
    assert lines_of(None, sample.TURNS) == []
