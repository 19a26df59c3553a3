"""How the speech benchmark counts."""

import json
from pathlib import Path

import pytest

from benchmarks.speech import clips
from benchmarks.speech.scores import Score, plain, score


@pytest.mark.parametrize(
    ("said", "heard", "errors"),
    [
        ("Order number four seven two nine.", "order number 4729", 0),
        ("one oh three", "1 0 3", 0),
        ("שָׁלוֹם, מה שלומך?", "שלום מה שלומך", 0),
        ("I don't know", "I dont know", 0),
        ("on Thursday", "on Tuesday", 1),
        ("on Thursday", "", 2),
        ("on Thursday", "no on Thursday then", 2),
        ("", "Thanks for watching", 3),
    ],
)
def test_words_count_and_how_they_are_spelled_does_not(said: str, heard: str, errors: int) -> None:
    assert score(said, heard).errors == errors


def test_rates_are_those_of_all_words_together() -> None:
    assert (score("a b c d", "a b c") + score("a b c d", "a b c d")).rate == 12.5
    assert Score().rate == 0


def test_numbers_are_read_digit_by_digit() -> None:
    assert plain("At 10:30") == "at one zero three zero"


def test_a_folder_gives_its_calls_with_what_each_channel_says_and_what_holds_no_speech(tmp_path: Path) -> None:
    turns = [
        {"channel": 1, "start": 10.0, "end": 11, "text": "there"},
        {"channel": 1, "start": 2.5, "end": 3, "text": "Hello"},
        {"channel": 0, "start": 4, "end": 5, "text": "Hi"},
    ]
    shape = {"lang": "he", "seconds": 12.0, "channels": 2}
    listed = [
        shape | {"id": "call", "file": "call.wav", "turns": turns},
        shape | {"id": "ringing", "file": "ringing.wav", "turns": [], "text": ""},
        shape | {"id": "other", "file": "other.wav", "turns": [], "text": "who knows on which channel"},
    ]
    (tmp_path / "clips.json").write_text(json.dumps(listed))

    call, ringing = clips.read(tmp_path)

    assert (call.said, call.model, call.is_speech) == ({0: "Hi", 1: "Hello there"}, "base", True)
    assert (ringing.said, ringing.is_speech) == ({}, False)
