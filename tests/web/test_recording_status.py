"""Where our copy of a recording is, in words and in either language."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from db.engine import Database
from tests.support.people import People
from tests.web import rows

WORDS = {
    "missing": ("Recording is not here yet", "ההקלטה עוד לא כאן"),
    "queued": ("Recording is queued", "ההקלטה בתור"),
    "downloading": ("Recording is being downloaded", "ההקלטה בהורדה"),
    "ready": ("Recording is ready", "ההקלטה מוכנה"),
}
SECONDS = {"missing": 2, "queued": 2, "downloading": 5, "ready": None}


def status(client: FlaskClient, people: People, call_sid: str, language: str = "en") -> Any:
    answer = client.get(f"/api/recordings/{call_sid}/status?lang={language}", headers=people.alice.headers)
    assert answer.status_code == 200
    return answer.get_json()


@pytest.mark.parametrize("word", WORDS)
def test_a_status_has_its_words_and_says_when_to_ask_again(
    word: str, client: FlaskClient, people: People, database: Database
) -> None:
    call_sid = rows.add_recorded_call(database, people.alice.business_id, recording_download_status=word)

    english, hebrew = (status(client, people, call_sid, language) for language in ("en", "he"))

    assert english == {
        "status": word,
        "retry_after": SECONDS[word],
        "message": WORDS[word][0],
        "url": f"/api/recordings/{call_sid}/stream",
    }
    assert hebrew == english | {"message": WORDS[word][1]}


def test_a_failed_one_says_why_and_when_it_is_tried_again(
    client: FlaskClient, people: People, database: Database
) -> None:
    call_sid = rows.add_recorded_call(
        database,
        people.alice.business_id,
        recording_download_status="failed",
        recording_next_retry_at=datetime.now(UTC) + timedelta(seconds=40),
        last_error="Recording failed: The file took too long to arrive.",
    )

    shown = status(client, people, call_sid)

    assert shown["message"] == "Recording could not be fetched: The file took too long to arrive."
    assert 35 <= shown["retry_after"] <= 40
    assert "הורדת הקובץ נמשכה יותר מדי זמן." in status(client, people, call_sid, "he")["message"]


def test_one_that_failed_for_good_is_not_to_be_asked_for_again(
    client: FlaskClient, people: People, database: Database
) -> None:
    call_sid = rows.add_recorded_call(
        database, people.alice.business_id, recording_download_status="failed", outcome="gone"
    )

    assert status(client, people, call_sid)["retry_after"] is None


def test_one_whose_retry_is_overdue_is_asked_for_again_in_a_second(
    client: FlaskClient, people: People, database: Database
) -> None:
    call_sid = rows.add_recorded_call(
        database,
        people.alice.business_id,
        recording_download_status="failed",
        recording_next_retry_at=datetime.now(UTC) - timedelta(hours=1),
    )

    assert status(client, people, call_sid)["retry_after"] == 1
