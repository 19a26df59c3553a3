"""Finding calls by number, name and words said."""

from collections.abc import Sequence
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete

from db import calls, leads, stages
from db.calls import CallFacts
from db.engine import Database
from db.models import CallSearch
from tests.support.calls import get_call, sid
from tests.support.people import People, Person

DANA = "+972545550101"
SPELLINGS = (
    "054-5550101",
    "0545550101",
    "+972 54 555 0101",
    "+972-54-5550101",
    "972545550101",
    "00972 54 555 0101",
    "+972 (0)54 555 0101",
    "54 555 01 01",
    "555-0101",
    "0101",
    "+972 54",
    "054",
    "٠٥٤٥٥٥٠١٠١",
)


def add(database: Database, person: Person, number: int, said: str = "", summary: str = "", **facts: Any) -> str:
    """A call as the phone company and the workers tell of it; its CallSid."""
    known = {"direction": "inbound", "from_number": f"+1212555{number:04d}", "to_number": person.number} | facts
    with database.transaction() as session:
        call = calls.tell(session, CallFacts(call_sid=sid(number), **known), ask_after=60)
        if said:
            turns = [
                {"channel": 0, "speaker": "customer", "start": 0, "end": 1, "text": line} for line in said.split("|")
            ]
            stages.settle_transcript(session, call, turns, language="en", model="tests", said_by="tests")
        if summary:
            stages.settle_summary(session, call, summary, model="tests", said_by="tests")
    return sid(number)


def find(client: FlaskClient, person: Person, q: str, **query: str | int) -> list[str]:
    answer = client.get("/api/calls", query_string={"q": q, **query}, headers=person.headers)
    assert answer.status_code == 200, answer.text
    return sorted(call["call_sid"] for call in answer.get_json()["calls"])


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_number_is_found_however_it_is_written(
    spelling: str, client: FlaskClient, database: Database, people: People
) -> None:
    hers = add(database, people.alice, 1, from_number=DANA)
    add(database, people.alice, 2, from_number="+972537770202")

    assert find(client, people.alice, spelling) == [hers]


def test_the_number_of_a_call_that_went_out_is_found_too(
    client: FlaskClient, database: Database, people: People
) -> None:
    out = add(database, people.alice, 1, direction="outbound-api", from_number=people.alice.number, to_number=DANA)

    assert find(client, people.alice, "054 555 0101") == [out]


def test_our_own_number_is_found_only_whole(client: FlaskClient, database: Database, people: People) -> None:
    call = add(database, people.alice, 1)

    assert find(client, people.alice, "(415) 555-0101") == [call]
    assert find(client, people.alice, "+1 415 555 0101") == [call]
    assert find(client, people.alice, "415 555") == []


WORDS = (
    (
        "Can you deliver the table on Tuesday?",
        ("delivering", "deliv", "tuesday", "TABLE", "delivered tables", "tues", '"the table"'),
    ),
    ("מתי יגיע המשלוח לבית שלי", ("משלוח", "המשלוח", "במשלוח", "בית", "לבית", "משלו", "ומתי")),
    ("מתי יגיע משלוח", ("משלוח", "המשלוח", "שהמשלוח")),
    ("שָׁלוֹם רַב", ("שלום", "שָׁלוֹם", "רב")),
    ('הוא שירת בצה"ל וגם ג׳ירפה', ("צהל", 'צה"ל', "ג'ירפה", "צה״ל")),
    ("Order 4729, please. I don't know the café", ("4729", "order 4729", "dont", "don't", "CAFE", "café")),
    ("<b>bold</b> & 'quoted' \\ back", ("bold", "quoted back", "& bold |", "'quoted':*")),
)


@pytest.mark.parametrize(("said", "queries"), WORDS)
def test_words_are_found_as_people_type_them(
    said: str, queries: Sequence[str], client: FlaskClient, database: Database, people: People
) -> None:
    call = add(database, people.alice, 1, said)
    add(database, people.alice, 2, "Nothing of the kind")

    assert {query: find(client, people.alice, query) for query in queries} == {query: [call] for query in queries}


@pytest.mark.parametrize("query", ["table monday", "tab le", "בלום", "customer", "unknown", "business"])
def test_what_was_not_said_is_not_found(query: str, client: FlaskClient, database: Database, people: People) -> None:
    add(database, people.alice, 1, "the table on Tuesday|שלום")

    assert find(client, people.alice, query) == []


def test_words_of_the_summary_are_found_and_only_those_of_the_latest_one(
    client: FlaskClient, database: Database, people: People
) -> None:
    call = add(database, people.alice, 1, "hello", "Wants an invoice.")
    assert find(client, people.alice, "invoice hello") == [call]

    add(database, people.alice, 1, summary="Wants a receipt.")

    assert find(client, people.alice, "receipt") == [call]
    assert find(client, people.alice, "invoice") == []


def test_a_search_answers_from_the_readers_own_business_only(
    client: FlaskClient, database: Database, people: People
) -> None:
    hers = add(database, people.alice, 1, "a secret word", from_number=DANA)
    with database.transaction() as session:
        leads.name_caller(session, people.alice.business_id, DANA, "Dana Levi")
    his = add(database, people.bob, 2, "another word", from_number=DANA)

    for query in ("secret", "dana", "business:1", f"business {people.alice.business_id}"):
        assert find(client, people.bob, query) == []
    assert find(client, people.bob, DANA) == [his]
    assert find(client, people.operator, DANA) == [hers, his]
    assert find(client, people.operator, "dana levi") == [hers]


def test_a_call_is_found_by_the_name_of_its_caller_also_when_it_was_given_later(
    client: FlaskClient, database: Database, people: People
) -> None:
    hers = add(database, people.alice, 1, "about the delivery", from_number=DANA)
    add(database, people.alice, 2, "about the delivery")
    assert find(client, people.alice, "dana") == []

    with database.transaction() as session:
        leads.name_caller(session, people.alice.business_id, DANA, "  Dana   Levi-Cohen ")

    for query in ("dana", "Dan", "dana levi", "cohen", "levi-cohen", "Dana delivery", "deliveries dana"):
        assert find(client, people.alice, query) == [hers], query
    for query in ("ana", "dana invoice", "%", "_ana", "dana ohen"):
        assert find(client, people.alice, query) == [], query


def test_a_call_shows_the_name_that_its_business_knows(client: FlaskClient, database: Database, people: People) -> None:
    hers = add(database, people.alice, 1, from_number=DANA)
    add(database, people.bob, 2, from_number=DANA)
    with database.transaction() as session:
        leads.name_caller(session, people.alice.business_id, DANA, "Dana")
        leads.name_caller(session, people.alice.business_id, DANA, "Dana Levi")

    shown = client.get(f"/api/calls/{hers}", headers=people.alice.headers).get_json()
    others = client.get("/api/calls", headers=people.bob.headers).get_json()["calls"]

    assert (shown["name"], [call["name"] for call in others]) == ("Dana Levi", [None])
    with database.transaction() as session:
        assert leads.names(session, people.alice.business_id, [DANA, "+1"]) == {DANA: "Dana Levi"}
        leads.name_caller(session, people.alice.business_id, DANA, " ")
        assert leads.names(session, people.alice.business_id, [DANA]) == {}


@pytest.mark.parametrize("query", ["...", "-", "\"'", "¡!", "\u200f", "%_", "׳״", "🙂"])
def test_a_search_for_nothing_but_signs_finds_nothing(
    query: str, client: FlaskClient, database: Database, people: People
) -> None:
    add(database, people.alice, 1, "words")

    assert find(client, people.alice, query) == []


@pytest.mark.parametrize("query", ["", " ", "\t\n"])
def test_a_blank_search_finds_all(query: str, client: FlaskClient, database: Database, people: People) -> None:
    call = add(database, people.alice, 1, "words")

    assert find(client, people.alice, query) == [call]


ODD = (
    "'",
    "\\",
    "a & | !",
    ":*",
    "(",
    "<->",
    "a:b",
    "x" * 200,
    "😀a",
    "\ufffe",
    "½",
    "a\u0300" * 90,
    "1" * 200,
    "ß",
    "ǅ",
    "ﬁ",
    "१२३",
)


@pytest.mark.parametrize("query", ODD)
def test_nothing_that_is_typed_makes_a_search_fail(query: str, client: FlaskClient, people: People) -> None:
    assert find(client, people.alice, query) == []


@pytest.mark.parametrize("query", ["a\0b", "\0", "x" * 201, "x" * 1000])
def test_a_search_that_no_text_can_answer_is_named(query: str, client: FlaskClient, people: People) -> None:
    for path in ("/api/calls", "/api/calls/last7d"):
        answer = client.get(path, query_string={"q": query}, headers=people.alice.headers)

        assert answer.status_code == 400
        assert answer.get_json()["error"]["message"].startswith("q: ")


def test_pages_of_a_search_show_every_call_once_and_newest_first(
    client: FlaskClient, database: Database, people: People
) -> None:
    for number in range(1, 8):
        add(database, people.alice, number, "daily" if number % 2 else "other")
    found, cursor = [], {}
    while True:
        query = {"q": "daily", "limit": 2} | cursor
        page = client.get("/api/calls", query_string=query, headers=people.alice.headers).get_json()
        found += [call["call_sid"] for call in page["calls"]]
        if not page["next_cursor"]:
            break
        cursor = {"cursor": page["next_cursor"]}

    assert found == [sid(number) for number in (7, 5, 3, 1)]


def test_a_search_can_be_narrowed(client: FlaskClient, database: Database, people: People) -> None:
    came = add(database, people.alice, 1, "daily")
    went = add(database, people.alice, 2, "daily", direction="outbound-api", from_number=people.alice.number)

    assert find(client, people.alice, "daily", direction="outbound") == [went]
    assert find(client, people.alice, "daily", direction="inbound") == [came]
    assert find(client, people.alice, "daily", status="busy") == []


def test_a_call_whose_document_is_gone_is_found_by_nothing_and_leaves_with_its_call(
    client: FlaskClient, database: Database, people: People
) -> None:
    add(database, people.alice, 1, "words")
    with database.transaction() as session:
        session.delete(get_call(session, 1))

    with database.transaction() as session:
        assert session.query(CallSearch).count() == 0
        assert session.execute(delete(CallSearch)).rowcount == 0
