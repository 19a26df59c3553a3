"""Numbers about a conversation, from who spoke when."""

import pytest

from jobs.conversation import numbers_of

Spoken = tuple[str, float, float]


def turns(*spoken: Spoken) -> list[dict[str, object]]:
    return [{"speaker": speaker, "start": start, "end": end, "text": "…"} for speaker, start, end in spoken]


def test_talk_silence_and_waits_are_those_of_the_channels() -> None:
    numbers = numbers_of(turns(("business", 1, 4), ("customer", 5, 11), ("business", 13, 16)), seconds=20)

    assert numbers == {
        "silence_seconds": 8.0,
        "customer": {
            "talk_seconds": 6.0,
            "talk_share": 50,
            "longest_monologue_seconds": 6.0,
            "interruptions": 0,
            "response_seconds": 1.0,
        },
        "business": {
            "talk_seconds": 6.0,
            "talk_share": 50,
            "longest_monologue_seconds": 3.0,
            "interruptions": 0,
            "response_seconds": 2.0,
        },
    }


def test_who_begins_while_the_other_goes_on_interrupts() -> None:
    numbers = numbers_of(turns(("business", 0, 10), ("customer", 7, 12), ("business", 12, 14)), seconds=14)

    assert numbers and [numbers[side]["interruptions"] for side in ("customer", "business")] == [1, 0]
    assert numbers["silence_seconds"] == 0


def test_a_short_yes_interrupts_nobody_and_ends_no_monologue() -> None:
    spoken = turns(("business", 0, 10), ("customer", 5, 5.5), ("business", 11, 20), ("customer", 21, 25))
    numbers = numbers_of(spoken, seconds=25)

    assert numbers and numbers["customer"]["interruptions"] == 0
    assert numbers["business"]["longest_monologue_seconds"] == 20
    assert numbers["customer"]["talk_seconds"] == 4.5


@pytest.mark.parametrize("speaker", ["unknown", None])
def test_where_nobody_can_be_told_apart_there_are_no_numbers(speaker: str | None) -> None:
    assert numbers_of(turns(("business", 0, 3), (speaker or "unknown", 4, 6)), seconds=6) is None
    assert numbers_of([], seconds=6) is None


def test_one_who_speaks_alone_waited_for_nobody() -> None:
    numbers = numbers_of(turns(("customer", 2, 4)), seconds=10)

    assert numbers and numbers["customer"]["response_seconds"] is None
    assert numbers["customer"]["talk_share"] == 100
    assert numbers["business"]["longest_monologue_seconds"] == 0
