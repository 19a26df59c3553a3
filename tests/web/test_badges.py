"""Three badges say where a call stands, each in a word, and what is no error does not look like one."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from web.badges import Badge, badges_of, fold

PLACED = {
    "recording_status": "pending",
    "recording_download_status": "missing",
    "recording_next_retry_at": None,
    "transcript_status": "pending",
    "summary_status": "pending",
    "outcome": None,
    "progress": None,
}
FETCHED = {"recording_status": "completed", "recording_download_status": "ready"}
LOST = {"recording_status": "failed", "transcript_status": "failed", "summary_status": "failed"}
BROKEN = FETCHED | {"recording_download_status": "failed"}
TEXTS_FAILED = {"transcript_status": "failed", "summary_status": "failed"}

STORIES = [
    ("placed", {}, "pending", "pending", "pending"),
    ("recorded just now", {"recording_status": "recording"}, "recording", "pending", "pending"),
    ("finished at the phone company", {"recording_status": "completed"}, "pending", "pending", "pending"),
    ("coming", FETCHED | {"recording_download_status": "downloading"}, "processing", "pending", "pending"),
    ("here", FETCHED, "completed", "pending", "pending"),
    ("written down", FETCHED | {"transcript_status": "processing"}, "completed", "processing", "pending"),
    (
        "to be tried again",
        BROKEN | {"recording_next_retry_at": "2025-01-01T00:00:00Z"},
        "pending",
        "pending",
        "pending",
    ),
    ("never recorded", LOST | {"outcome": "no_recording"}, "none", "none", "none"),
    ("too short", LOST | {"outcome": "too_short"}, "none", "none", "none"),
    ("silent", LOST | {"outcome": "silent"}, "none", "none", "none"),
    ("gone", BROKEN | TEXTS_FAILED | {"outcome": "gone"}, "failed", "failed", "failed"),
    ("given up", FETCHED | TEXTS_FAILED | {"outcome": "gave_up"}, "completed", "failed", "failed"),
]


@pytest.fixture(autouse=True)
def english(app: Flask) -> Iterator[None]:
    with app.test_request_context("/?lang=en"):
        yield


@pytest.mark.parametrize(
    ("facts", "states"), [(facts, states) for _, facts, *states in STORIES], ids=[story[0] for story in STORIES]
)
def test_every_stage_of_a_call_has_its_look(facts: dict[str, Any], states: list[str]) -> None:
    assert [badge.state for badge in badges_of(PLACED | facts)] == states


def test_a_call_on_which_nobody_spoke_keeps_its_recording_and_blames_nobody() -> None:
    texts = {"transcript_status": "completed", "summary_status": "completed"}
    badges = badges_of(PLACED | FETCHED | texts | {"outcome": "no_speech"})

    assert [(badge.state, badge.word) for badge in badges] == [
        ("completed", "completed"),
        ("none", "no speech"),
        ("none", "no speech"),
    ]


def test_only_the_stage_at_work_has_a_progress() -> None:
    badges = badges_of(PLACED | FETCHED | {"transcript_status": "processing", "progress": 40})

    assert [badge.progress for badge in badges] == [None, 40, None]


def test_the_words_are_hebrew_for_a_reader_of_hebrew(app: Flask) -> None:
    with app.test_request_context("/?lang=he"):
        badges = badges_of(PLACED | FETCHED | {"transcript_status": "processing"})

    assert [(badge.title, badge.word) for badge in badges] == [
        ("הקלטה", "הושלם"),
        ("תמליל", "מעבד"),
        ("סיכום", "ממתין"),
    ]


@pytest.mark.parametrize(
    ("states", "told"),
    [
        (("completed", "completed", "completed"), ("completed", "word")),
        (("completed", "completed", "failed"), ("failed", "C: word")),
        (("completed", "processing", "pending"), ("processing", "B: word")),
        (("recording", "pending", "pending"), ("recording", "word")),
        (("none", "none", "none"), ("none", "word")),
        (("pending", "completed", "completed"), ("pending", "A: word")),
        (("failed", "processing", "pending"), ("failed", "A: word")),
    ],
)
def test_three_badges_fold_into_what_matters_most(states: tuple[str, ...], told: tuple[str, str]) -> None:
    folded = fold([Badge(title, title, state, "word") for title, state in zip("ABC", states, strict=True)])

    assert (folded.state, folded.word) == told
