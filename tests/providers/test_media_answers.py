"""Every answer that a recording's address may give, and what it means for the call."""

import gzip
import zlib

import httpx
import pytest

from providers.errors import NotThereYet, Rejected, Unavailable
from providers.telephony import Media, media
from tests.support.raw_server import Answer, raw_server

WAV = b"RIFF\x24\x00\x00\x00WAVE" + bytes(5000)
MANY = 200_000


def fetched(url: str, *, dual: bool = False) -> bytes:
    with Media(f"{url}/RE1", ("AC1", "a-token"), dual=dual).open() as chunks:
        return b"".join(chunks)


def refusal(*answers: Answer, dual: bool = False) -> Unavailable | Rejected:
    with raw_server(*answers) as (_, url), pytest.raises((Unavailable, Rejected)) as refused:
        fetched(url, dual=dual)
    assert url not in str(refused.value)
    return refused.value


def test_the_file_is_asked_for_with_our_credentials_in_two_channels() -> None:
    with raw_server(Answer(body=WAV)) as (server, url):
        assert fetched(url, dual=True) == WAV
    assert server.asked[0].startswith("GET /RE1.wav?RequestedChannels=2 ")
    assert "authorization: basic" in server.asked[0].lower()


def test_a_recording_without_a_second_channel_is_asked_for_again_without() -> None:
    with raw_server(Answer(400), Answer(body=WAV)) as (server, url):
        assert fetched(url, dual=True) == WAV
    assert server.asked[1].startswith("GET /RE1.wav ")


def test_bad_request_without_channels_is_an_error_and_no_loop() -> None:
    with raw_server(Answer(400)) as (server, url), pytest.raises(Unavailable) as refused:
        fetched(url, dual=True)
    assert (refused.value.reason, len(server.asked)) == ("phone_company", 2)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "credentials"),
        (403, "credentials"),
        (500, "phone_company"),
        (503, "phone_company"),
        (204, "phone_company"),
    ],
)
def test_errors_are_tried_again_and_counted(status: int, reason: str) -> None:
    error = refusal(Answer(status))

    assert isinstance(error, Unavailable)
    assert (error.reason, error.counts, error.retry_after) == (reason, True, None)


def test_not_found_is_waited_for_and_not_counted() -> None:
    assert isinstance(refusal(Answer(404)), NotThereYet)
    assert isinstance(refusal(Answer(400), Answer(404), dual=True), NotThereYet)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("Retry-After: 5", 5),
        ("Retry-After: 0", 1),
        ("Retry-After: 1000000000", 300),
        ("X-Nothing: 1", None),
        ("Retry-After: abc", None),
        ("Retry-After: -1", None),
        ("Retry-After: 1e9", None),
        ("Retry-After: ", None),
        ("Retry-After: Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_who_asks_us_to_slow_down_is_believed_within_reason(header: str, wait: float | None) -> None:
    error = refusal(Answer(429, headers=[header]))

    assert isinstance(error, Unavailable)
    assert (error.reason, error.counts, error.retry_after) == ("rate_limited", True, wait)


@pytest.mark.parametrize("location", ["http://169.254.169.254/", "http://127.0.0.1:6379/", "file:///etc/passwd"])
def test_no_redirect_is_followed(location: str) -> None:
    assert refusal(Answer(302, headers=[f"Location: {location}"])).reason == "phone_company"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=WAV, length=len(WAV) + 1),
        Answer(body=WAV, length=10 * len(WAV), then="reset"),
        Answer(body=WAV, headers=["Content-Encoding: gzip"]),
        Answer(body=gzip.compress(WAV)[:-20], headers=["Content-Encoding: gzip"], length=10_000),
    ],
    ids=["truncated", "reset", "not gzip", "half of a gzip"],
)
def test_what_breaks_off_is_fetched_again(answer: Answer) -> None:
    error = refusal(answer)

    assert isinstance(error, Unavailable)
    assert (error.reason, error.counts) == ("timeout", True)


def test_an_empty_file_is_fetched_again() -> None:
    error = refusal(Answer())

    assert isinstance(error, Unavailable)
    assert (error.reason, error.counts) == ("wrong_length", True)


def test_a_gzipped_file_is_the_file_in_it() -> None:
    with raw_server(Answer(body=gzip.compress(WAV), headers=["Content-Encoding: gzip"])) as (_, url):
        assert fetched(url) == WAV


def test_the_announced_length_is_what_is_read() -> None:
    with raw_server(Answer(body=WAV + b"more", length=len(WAV))) as (_, url):
        assert fetched(url) == WAV


def test_a_server_that_falls_silent_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "TIMEOUT", httpx.Timeout(0.3))

    assert refusal(Answer(body=WAV, length=10 * len(WAV), then="stall")).reason == "timeout"


def test_nobody_listens_there() -> None:
    with raw_server(Answer()) as (_, url):
        pass
    with pytest.raises(Unavailable) as refused:
        fetched(url)
    assert refused.value.counts


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=bytes(MANY)),
        Answer(body=zlib.compress(bytes(100 * MANY)), headers=["Content-Encoding: deflate"]),
    ],
    ids=["endless", "bomb"],
)
def test_more_bytes_than_any_recording_has_are_not_fetched(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "MOST_BYTES", MANY - 1)

    error = refusal(answer)
    assert isinstance(error, Rejected)
    assert error.outcome == "not_audio"
