"""A recording as it is played: whole, or by range, and never in memory as a whole."""

import tracemalloc

import pytest
from flask.testing import FlaskClient

from tests.support.people import People
from tests.web import rows
from tests.web.rows import AUDIO
from tests.web.test_stream import stream
from web.house import House

SIZE = len(AUDIO)

RANGES = {
    "bytes=0-": (0, SIZE),
    "bytes=0-0": (0, 1),
    "bytes=100-199": (100, 200),
    f"bytes={SIZE - 1}-": (SIZE - 1, SIZE),
    "bytes=-1": (SIZE - 1, SIZE),
    f"bytes=-{SIZE * 2}": (0, SIZE),
    f"bytes=5-{'9' * 18}": (5, SIZE),
    f"bytes=5-{10**30}": (5, SIZE),
    "Bytes = 5 - 6": (5, 7),
}
NO_RANGES = (
    "",
    "abc",
    "bytes=abc",
    "bytes=5-2",
    "bytes=--5",
    "bytes=9e18-",
    "bytes=٣-",
    "items=0-5",
    "bytes=0-1,5-6",
    f"bytes={'9' * 5000}-",
)
LARGE = 32 * 1000 * 1000
A_THOUSAND_RANGES = "bytes=" + ",".join(f"{number * 2}-{number * 2}" for number in range(1000))


@pytest.fixture
def ready(house: House, people: People) -> str:
    """A call of Alice's whose recording is here."""
    return rows.add_fetched_call(house, people.alice.business_id)


def test_without_a_range_the_whole_recording_is_played(client: FlaskClient, people: People, ready: str) -> None:
    answer = stream(client, people, ready)

    assert (answer.status_code, answer.data) == (200, AUDIO)
    assert answer.headers["Content-Length"] == str(SIZE)
    assert (answer.headers["Accept-Ranges"], answer.mimetype) == ("bytes", "audio/wav")
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_range_is_played_and_nothing_else(client: FlaskClient, people: People, ready: str) -> None:
    for wanted, (first, end) in RANGES.items():
        answer = stream(client, people, ready, Range=wanted)

        assert (answer.status_code, answer.data) == (206, AUDIO[first:end]), wanted
        assert answer.headers["Content-Range"] == f"bytes {first}-{end - 1}/{SIZE}"
        assert answer.headers["Content-Length"] == str(end - first)


def test_a_range_behind_the_end_is_told_the_size(client: FlaskClient, people: People, ready: str) -> None:
    for wanted in (f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 5}", f"bytes={9 * 10**18}-", f"bytes={10**30}-"):
        answer = stream(client, people, ready, Range=wanted)

        assert (answer.status_code, answer.data) == (416, b""), wanted
        assert answer.headers["Content-Range"] == f"bytes */{SIZE}"


def test_a_range_that_is_invalid_or_many_is_ignored(client: FlaskClient, people: People, ready: str) -> None:
    for wanted in (*NO_RANGES, A_THOUSAND_RANGES):
        answer = stream(client, people, ready, Range=wanted)

        assert (answer.status_code, answer.data) == (200, AUDIO), wanted
        assert "Content-Range" not in answer.headers


def test_whatever_is_asked_for_is_never_in_memory_as_a_whole(client: FlaskClient, people: People, house: House) -> None:
    call_sid = rows.add_fetched_call(house, people.alice.business_id, bytes(LARGE))

    for wanted in ("bytes=0-", "bytes=1-", f"bytes=-{LARGE}", f"bytes=0-{10**30}", "bytes=5-2", A_THOUSAND_RANGES):
        tracemalloc.start()
        answer = stream(client, people, call_sid, Range=wanted)
        heard = sum(len(piece) for piece in answer.iter_encoded())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert heard >= LARGE - 1, wanted
        assert most < LARGE / 8, wanted


def test_head_says_the_same_without_the_bytes(client: FlaskClient, people: People, ready: str) -> None:
    whole, part = stream(client, people, ready, "HEAD"), stream(client, people, ready, "HEAD", Range="bytes=1-5")

    assert (whole.status_code, whole.headers["Content-Length"], whole.data) == (200, str(SIZE), b"")
    assert (part.status_code, part.headers["Content-Range"], part.data) == (206, f"bytes 1-5/{SIZE}", b"")
