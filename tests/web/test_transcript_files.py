"""A transcript as a file: what players and programs expect of each kind, and nothing that is not known."""

import re
from itertools import pairwise
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from db.engine import Database
from db.words import Stage
from tests.support.people import People
from tests.web import sample_calls as sample
from web import subtitles

TIMES = re.compile(r"(\d\d):(\d\d):(\d\d)[.,](\d{3}) --> (\d\d):(\d\d):(\d\d)[.,](\d{3})")


@pytest.fixture
def sid(database: Database, people: People) -> str:
    """A call that we transcribed ourselves."""
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE)
    sample.add_transcript(database, sid, sample.WORDS)
    return sid


def ask(client: FlaskClient, people: People, sid: str, kind: str) -> TestResponse:
    return client.get(f"/api/calls/{sid}/transcript.{kind}", headers=people.alice.headers)


def turn(text: str, start: float = 0, end: float = 10, **facts: Any) -> dict[str, Any]:
    return {"channel": 0, "speaker": "customer", "start": start, "end": end, "text": text} | facts


def seconds(cues: str) -> list[tuple[float, float]]:
    """When each cue begins and ends."""
    found = []
    for match in TIMES.finditer(cues):
        hours, minutes, second, thousandths, *last = map(int, match.groups())
        start = hours * 3600 + minutes * 60 + second + thousandths / 1000
        found.append((start, last[0] * 3600 + last[1] * 60 + last[2] + last[3] / 1000))
    return found


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        ("txt", "text/plain; charset=utf-8"),
        ("srt", "application/x-subrip; charset=utf-8"),
        ("vtt", "text/vtt; charset=utf-8"),
        ("json", "application/json"),
    ],
)
def test_each_kind_has_its_type_and_a_name_without_anybody_in_it(
    client: FlaskClient, people: People, sid: str, kind: str, content_type: str
) -> None:
    answer = ask(client, people, sid, kind)

    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Content-Disposition"] == f"attachment; filename={sid}.{kind}"
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_document_says_what_each_kind_is(client: FlaskClient) -> None:
    paths = client.get("/api/openapi.json").get_json()["paths"]

    told = {
        path.rpartition(".")[2]: list(rule["get"]["responses"]["200"]["content"])
        for path, rule in paths.items()
        if "transcript." in path
    }
    assert told == {
        "txt": ["text/plain"],
        "srt": ["application/x-subrip"],
        "vtt": ["text/vtt"],
        "json": ["application/json"],
    }


def test_text_tells_when_who_and_what(client: FlaskClient, people: People, sid: str) -> None:
    assert ask(client, people, sid, "txt").text.splitlines() == [
        "[0:00] Business: Green Valley, how can I help?",
        "[0:02] Customer: Order 4729, can't you bring it on Tuesday?",
        "[0:05] Business: Yes, at ten.",
    ]


def test_json_carries_each_word_with_its_time(client: FlaskClient, people: People, sid: str) -> None:
    found = ask(client, people, sid, "json").get_json()

    assert (found["call_sid"], found["language"], found["model"]) == (sid, "en", "sample")
    assert found["turns"][1]["words"][1] == {"text": "4729,", "start": 3.0, "end": 4.0, "trust": 0.4}
    assert found["turns"][1]["speaker"] == "customer"


def test_srt_numbers_its_cues_and_names_who_begins_to_speak(client: FlaskClient, people: People, sid: str) -> None:
    first, second, third = ask(client, people, sid, "srt").text.strip().split("\n\n")

    assert first == "1\n00:00:00,200 --> 00:00:02,400\nBusiness: Green Valley, how can I help?"
    assert second.splitlines()[2:] == ["Customer: Order 4729, can't you bring it", "on Tuesday?"]
    assert third.startswith("3\n00:00:05,400")


def test_vtt_names_the_speaker_as_its_voice(client: FlaskClient, people: People, sid: str) -> None:
    head, first, *_ = ask(client, people, sid, "vtt").text.split("\n\n")

    assert head == "WEBVTT"
    assert first == "00:00:00.200 --> 00:00:02.400\n<v Business>Green Valley, how can I help?"


def test_speakers_are_named_in_the_readers_language(client: FlaskClient, people: People, sid: str) -> None:
    assert "<v לקוח>" in ask(client, people, f"{sid}", "vtt?lang=he").text


def test_hebrew_is_whole_and_runs_from_right_to_left_in_players(
    client: FlaskClient, database: Database, people: People
) -> None:
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE)
    sample.add_transcript(database, sid, [*sample.HEBREW_TURNS, turn("SMS נשלח אליך עכשיו", 6, 8)])

    srt, vtt = ask(client, people, sid, "srt"), ask(client, people, sid, "vtt")

    assert "\u202bBusiness: רהיטי העמק הירוק, במה אפשר\u202c\n\u202bלעזור?\u202c\n" in srt.data.decode("utf-8")
    assert "<v Customer>\u200fSMS נשלח" in vtt.data.decode("utf-8")


def test_a_long_turn_is_cut_into_what_can_be_read_at_once_by_the_times_of_its_words() -> None:
    said = [[f" word{number}", number * 0.5, number * 0.5 + 0.4, 0.9] for number in range(200)]
    text = "".join(word[0] for word in said).strip()

    cues = subtitles.cues([turn(text, 0, 100, words=said)])

    assert " ".join(cue.text for cue in cues) == text
    assert all(len(cue.text) <= 84 and cue.end - cue.start <= 7 for cue in cues)
    assert all(cue.start == said[int(cue.text.split()[0].removeprefix("word"))][1] for cue in cues)
    assert [cue.is_first for cue in cues].count(True) == 1


def test_a_long_turn_whose_words_have_no_times_is_cut_evenly() -> None:
    text = " ".join(["word"] * 100)

    cues = subtitles.cues([turn(text, 10, 60)])

    assert " ".join(cue.text for cue in cues) == text
    assert (cues[0].start, round(cues[-1].end, 6)) == (10, 60)
    assert all(one.end <= other.start + 0.001 for one, other in pairwise(cues))


def test_a_word_in_two_pieces_stays_one(client: FlaskClient, people: People, sid: str) -> None:
    assert "can't you" in ask(client, people, sid, "vtt").text


def test_cues_come_in_order_though_both_speak_at_once_and_each_takes_a_while(
    client: FlaskClient, database: Database, people: People
) -> None:
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE)
    said = [turn("I. " * 60, 0, 40), turn("Yes.", 3, 3, speaker="business"), turn("No.", 7200.0005, 7201)]
    sample.add_transcript(database, sid, said)

    times = seconds(ask(client, people, sid, "vtt").text)

    assert times == sorted(times)
    assert all(end > start for start, end in times)
    assert times[-1] == (7200.0, 7201.0)


def test_words_that_look_like_markup_or_like_times_stay_words(
    client: FlaskClient, database: Database, people: People
) -> None:
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE)
    sample.add_transcript(database, sid, [turn("<img onerror=x> --> 1\n\n2 & more", 0, 5)])

    vtt, srt = (ask(client, people, sid, kind).text for kind in ("vtt", "srt"))

    assert "<v Customer>&lt;img onerror=x&gt; --&gt; 1 2 &amp; more\n" in vtt
    assert len(seconds(vtt)) == len(seconds(srt)) == 1
    assert srt.strip().count("\n\n") == 0


def test_while_there_is_no_transcript_there_is_no_file(client: FlaskClient, database: Database, people: People) -> None:
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.FETCHED)
    sample.open_stage(database, sid, Stage.TRANSCRIPT, progress=40)

    for kind in ("txt", "srt", "vtt", "json"):
        answer = ask(client, people, sid, kind)
        assert answer.status_code == 404
        assert answer.get_json()["error"] == {"code": "not_found", "message": "There is no transcript yet."}
    assert ask(client, people, sid, "exe").status_code == 404


def test_the_text_of_an_old_installation_has_no_times_and_so_no_subtitles(
    client: FlaskClient, database: Database, people: People
) -> None:
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE, final_transcript="שלום\n\nHello")

    assert ask(client, people, sid, "txt").text == "Speaker: שלום\nSpeaker: Hello\n"
    assert [turn["words"] for turn in ask(client, people, sid, "json").get_json()["turns"]] == [[], []]
    for kind in ("srt", "vtt"):
        answer = ask(client, people, sid, kind)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "no_times")
