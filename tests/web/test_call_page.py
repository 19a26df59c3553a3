"""One call's page as it leaves the server: its numbers, costs and files, and words that are nothing but words."""

import html
import re
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from db.engine import Database
from db.models import CallLog, Recording
from tests.support.people import People
from tests.web import sample_calls as sample
from tests.web.rows import add_fetched_call
from tests.web.test_pages import reading_as
from web.house import House

EVIL = ("<img src=x onerror=alert(1)>", "{{7*7}}", "\u202eevitcartsbo", "<script>alert(1)</script>", "' onclick='x")
TAG = re.compile(r"<[^>]*>")


def page_of(client: FlaskClient, people: People, sid: str) -> str:
    with reading_as(client, people.alice):
        return client.get(f"/calls/{sid}").text


def test_the_numbers_about_its_conversation_are_shown_where_speakers_are_told_apart(
    client: FlaskClient, database: Database, people: People
) -> None:
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE)
    alone = sample.add_call(database, people.alice.business_id, 2, **sample.DONE)
    sample.add_transcript(database, sid)
    sample.add_transcript(database, alone, [turn | {"speaker": "unknown"} for turn in sample.TURNS])

    shown, without = (page_of(client, people, call) for call in (sid, alone))

    assert "Share of the talk" in shown
    assert "Share of the talk" not in without


@pytest.mark.parametrize("said", EVIL)
def test_what_people_said_is_shown_as_text_never_as_markup(
    client: FlaskClient, database: Database, people: People, said: str
) -> None:
    words = [[f" {word}", 0.2, 2.4, 0.5] for word in said.split()]
    sid = sample.add_call(database, people.alice.business_id, 1, summary=said, **sample.DONE | {"from_number": said})
    sample.add_transcript(database, sid, [sample.TURNS[0] | {"text": said}, sample.TURNS[0] | {"words": words}])

    with reading_as(client, people.alice):
        pages = [client.get(path).text for path in ("/", f"/calls/{sid}")]

    for page in pages:
        assert said in html.unescape(TAG.sub("", page))
        assert said not in page or html.escape(said) == said
    assert "<u>" in pages[1]


def test_letters_that_turn_a_line_around_turn_nothing_but_themselves(
    client: FlaskClient, database: Database, people: People
) -> None:
    said = "\u202eevitcartsbo"
    sid = sample.add_call(database, people.alice.business_id, 1, summary=said, **sample.DONE | {"from_number": said})
    sample.add_transcript(database, sid, [sample.TURNS[0] | {"text": said}])

    page = page_of(client, people, sid)

    body = page.partition("<body>")[2]
    around = [body[found.start() - 40 : found.start()] for found in re.finditer(said, body)]
    isolated = ('<bdi class="number">', '<p dir="auto"><span>', '<p class="turn-text" dir="auto">')
    assert len(around) == 3
    assert all(before.endswith(isolated) for before in around)


def test_costs_are_told_with_their_reasons(client: FlaskClient, database: Database, people: People) -> None:
    signs = {"stream_connect_count": 3, "webhook_retry_count": 4, "webhook_11205_count": 1}
    cheap = sample.add_call(database, people.alice.business_id, 1, **sample.DONE)
    dear = sample.add_call(
        database, people.alice.business_id, 2, **sample.DONE | signs | {"estimated_cost_bucket": "HIGH"}
    )

    told, nothing = page_of(client, people, dear), page_of(client, people, cheap)

    assert "The media stream connected 3 times." in told
    assert "The phone company could not reach us once." in told
    assert "The phone company told us things again 4 times." in told
    assert "Low: nothing was done twice." in nothing
    assert "reasons" not in nothing


def test_files_are_offered_when_there_are_any(
    client: FlaskClient, house: House, database: Database, people: People
) -> None:
    bare = sample.add_call(database, people.alice.business_id, 3, **sample.WAITING_FOR_PLAY)
    old = sample.add_call(database, people.alice.business_id, 2, **sample.WAITING_FOR_PLAY, final_transcript="Hello")
    sid = add_fetched_call(house, people.alice.business_id)
    sample.add_transcript(database, sid)

    offered = {
        call: re.findall(r"/api/\S+/(transcript\.\w+|stream\?attachment=1)\"", page_of(client, people, call))
        for call in (bare, old, sid)
    }

    assert offered[bare] == []
    assert offered[old] == ["transcript.txt", "transcript.json"]
    assert offered[sid] == [f"transcript.{kind}" for kind in ("txt", "srt", "vtt", "json")] + ["stream?attachment=1"]


def test_a_recording_is_kept_as_a_file_when_asked_for(client: FlaskClient, house: House, people: People) -> None:
    sid = add_fetched_call(house, people.alice.business_id)
    address = f"/api/recordings/{sid}/stream"

    kept = client.get(f"{address}?attachment=1", headers=people.alice.headers)
    played = client.get(address, headers=people.alice.headers)

    assert kept.headers["Content-Disposition"] == f"attachment; filename={sid}.wav"
    assert "Content-Disposition" not in played.headers
    assert kept.data == played.data


def test_several_recordings_of_a_call_are_listed(client: FlaskClient, house: House, people: People) -> None:
    sid = add_fetched_call(house, people.alice.business_id)
    one = page_of(client, people, sid)
    with house.database.transaction() as session:
        call = session.scalars(select(CallLog)).one()
        at = datetime(2025, 1, 1, 12, 2, 3, tzinfo=UTC)
        session.add(
            Recording(call_id=call.id, recording_sid="RE" + "5" * 32, status="completed", duration=61, started_at=at)
        )

    two = page_of(client, people, sid)

    assert "Recordings of this call" not in one
    assert "Recordings of this call" in two
    assert "the one played here" in two
    assert "<bdi>1:01</bdi> · finished" in two
