"""Calls that were not placed, or of which nobody knows: what is told, and what becomes of the key."""

import json

import pytest

from db import placed_calls
from tests.simulator.simulated_company import Company
from tests.support.people import People
from tests.support.raw_server import Answer, raw_server
from tests.web import rows
from tests.web.phone import TO, app_of, code_of, place
from web import dial
from web.house import House


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (21217, "bad_number"),
        (21215, "not_allowed"),
        (21212, "not_our_number"),
        (20005, "suspended"),
        (29999, "refused"),
    ],
)
def test_the_phone_company_s_refusal_is_told_in_words(
    code: int, reason: str, house: House, people: People, redis_url: str
) -> None:
    body = json.dumps({"code": code, "message": f"No {TO} today", "status": 400}).encode()
    with raw_server(Answer(400, body, ("Content-Type: application/json",))) as (_, url):
        client = app_of(house, redis_url, url=url).test_client()
        answers = [place(client, people.alice, key="a-key") for _ in range(2)]

    for answer in answers:  # the key is free again
        assert code_of(answer) == (422, reason)
        assert TO not in answer.text
    assert rows.counts(house.database)["call_log"] == 0


@pytest.mark.parametrize(
    ("answer", "expected", "asked"),
    [
        (Answer(500, b"{}"), (502, "perhaps_placed"), 1),
        (Answer(length=9, then="reset"), (502, "perhaps_placed"), 1),
        (Answer(201, b"<html>"), (502, "perhaps_placed"), 1),
        (Answer(201, b"[]"), (502, "perhaps_placed"), 1),
        (Answer(201, b"{}"), (502, "perhaps_placed"), 1),
        (Answer(429, b'{"code": 20429}'), (503, "rate_limited"), 2),
        (Answer(401, b'{"code": 20003}'), (502, "credentials"), 2),
    ],
    ids=["error", "broken off", "no JSON", "no object", "no name", "slow down", "credentials"],
)
def test_a_call_that_may_ring_is_not_placed_again_with_the_same_key(
    answer: Answer,
    expected: tuple[int, str],
    asked: int,
    house: House,
    people: People,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dial, "LOOKS", 1)
    with raw_server(answer) as (server, url):
        client = app_of(house, redis_url, url=url).test_client()
        first, second = (place(client, people.alice, key="a-key") for _ in range(2))

    assert code_of(first) == expected
    assert code_of(second) == ((409, "being_placed") if asked == 1 else expected)
    assert len(server.asked) == asked


def test_a_phone_company_that_can_t_be_reached_has_placed_nothing(
    house: House, people: People, redis_url: str, company: Company
) -> None:
    client = app_of(house, redis_url, url="http://127.0.0.1:9").test_client()
    answer = place(client, people.alice, key="a-key")
    assert code_of(answer) == (503, "phone_company")
    assert answer.headers["Retry-After"]

    again = app_of(house, redis_url, url=company.url).test_client()
    assert place(again, people.alice, key="a-key").status_code == 201


def test_our_death_between_the_phone_company_s_answer_and_our_commit_places_no_second_call(
    house: House, people: People, redis_url: str, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The webhooks make the call known; the key is not free."""
    monkeypatch.setattr(dial, "LOOKS", 1)
    with house.database.transaction() as session:
        assert placed_calls.begin(session, rows.user_id(house.database, people.alice.email), "a-key")
    client = app_of(house, redis_url, url=company.url).test_client()

    assert code_of(place(client, people.alice, key="a-key")) == (409, "being_placed")
    assert not company.exchange.calls
