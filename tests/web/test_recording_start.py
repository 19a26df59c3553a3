"""What a call hears first, and who starts its recording, under each setting."""

from xml.etree import ElementTree

import pytest
from redis import Redis
from sqlalchemy import update

from db.engine import Database
from db.models import Business
from tests.support.people import People
from tests.support.twilio import PUBLIC_BASE_URL, Twilio
from tests.web import rows, variants
from tests.web.payloads import OURS, THEIRS
from web.house import House

ANSWERS = ("incoming_call", "fallback", "outbound_call")
HEBREW = {chr(letter) for letter in range(ord("א"), ord("ת") + 1)}


def answer(twilio: Twilio, path: str = "incoming_call") -> list[ElementTree.Element]:
    """The verbs that a call is answered with."""
    outbound = path == "outbound_call"
    caller, called = (OURS, THEIRS) if outbound else (THEIRS, OURS)
    direction = "outbound-api" if outbound else "inbound"
    told = twilio.tells(path, From=caller, To=called, Direction=direction, CallStatus="in-progress")
    assert (told.status_code, told.mimetype) == (200, "text/xml")
    return list(ElementTree.fromstring(told.text))


def tags(verbs: list[ElementTree.Element]) -> list[str]:
    return [verb.tag for verb in verbs]


@pytest.mark.parametrize(
    ("setting", "starts", "mode", "has_net"),
    [
        ("auto", {"incoming_call", "fallback"}, "TWIML_RECORDING", True),
        ("twiml", {"incoming_call", "fallback", "outbound_call"}, "TWIML_RECORDING", True),
        ("api", set(), None, True),
        ("off", set(), "OFF", False),
    ],
)
def test_the_setting_says_who_starts_the_recording(
    setting: str, starts: set[str], mode: str | None, has_net: bool, house: House, people: People, redis: Redis
) -> None:
    twilio = Twilio(variants.client_of(variants.under(house, recording_start=setting)))

    first_verbs = {path: tags(answer(twilio, path))[0] for path in ("incoming_call", "fallback")}

    assert {path for path, verb in first_verbs.items() if verb == "Start"} == starts - {"outbound_call"}
    assert rows.call_of(house.database).recording_mode == mode
    assert rows.open_stages(house.database) == ["recording"] * has_net
    at_once = setting in ("auto", "api")
    assert rows.jobs_in(redis, "calls") == at_once


@pytest.mark.parametrize(("setting", "verbs"), [("auto", ["Dial"]), ("twiml", ["Start", "Dial"]), ("off", ["Dial"])])
def test_a_call_we_placed_is_recorded_by_twiml_only_where_that_is_asked_for(
    setting: str, verbs: list[str], house: House, people: People
) -> None:
    twilio = Twilio(variants.client_of(variants.under(house, recording_start=setting)))

    assert tags(answer(twilio, "outbound_call")) == verbs
    assert rows.call_of(house.database).direction == "outbound"


def test_a_call_we_placed_gets_no_second_recording_from_the_fallback(twilio: Twilio, people: People) -> None:
    told = twilio.tells("fallback", From=OURS, To=THEIRS, Direction="outbound-api", CallStatus="in-progress")

    assert tags(list(ElementTree.fromstring(told.text))) == ["Dial"]


@pytest.mark.parametrize("path", ANSWERS)
def test_with_a_media_stream_every_call_is_connected_to_it(path: str, house: House, people: People) -> None:
    streaming = variants.under(house, media_stream_url="wss://media.example.com/live")

    connect = answer(Twilio(variants.client_of(streaming)), path)[-1]

    stream = connect[0]
    assert (connect.tag, stream.tag, stream.attrib["url"]) == ("Connect", "Stream", "wss://media.example.com/live")
    assert connect.attrib["action"] == f"{PUBLIC_BASE_URL}/webhook/stream_ended"
    assert stream.attrib["statusCallback"].startswith(f"{PUBLIC_BASE_URL}/webhook/stream_status#")


def test_a_business_s_calls_are_put_through_to_its_number(twilio: Twilio, people: People) -> None:
    dial = answer(twilio)[-1]

    assert (dial.tag, dial[0].tag, dial[0].text) == ("Dial", "Number", "+14155550199")


def test_without_a_number_to_put_a_call_through_to_it_is_greeted_and_listened_to(
    twilio: Twilio, people: People, database: Database
) -> None:
    change(database, forward_number=None, greeting_message="This is Alice's <shop> & more.")

    start, say, pause = answer(twilio)

    assert tags([start, say, pause]) == ["Start", "Say", "Pause"]
    assert say.text == "This is Alice's <shop> & more."
    assert int(pause.attrib["length"]) >= 30


def test_a_hebrew_business_greets_in_hebrew(twilio: Twilio, people: People, database: Database) -> None:
    change(database, forward_number=None, language="he")

    say = answer(twilio)[1]

    assert say.attrib["language"] == "he-IL"
    assert HEBREW & set(str(say.text))


def test_a_call_to_an_unknown_number_is_put_through_to_the_fallback_number(house: House) -> None:
    client = variants.client_of(variants.under(house, fallback_forward_number="+14155550177"))

    assert answer(Twilio(client))[-1][0].text == "+14155550177"


def test_a_call_to_an_unknown_number_is_greeted_where_there_is_no_fallback_number(twilio: Twilio) -> None:
    assert tags(answer(twilio)) == ["Start", "Say", "Pause"]


def test_the_end_of_a_stream_ends_its_call(twilio: Twilio, database: Database) -> None:
    assert tags(answer(twilio, "stream_ended")) == ["Hangup"]
    assert rows.call_of(database).call_status == "in-progress"


def test_a_call_that_is_being_recorded_is_not_looked_after_again(twilio: Twilio, people: People, redis: Redis) -> None:
    twilio.calls_in(people.alice.number)
    twilio.says_of_recording("in-progress")
    redis.flushall()

    twilio.tells("call_status", CallStatus="in-progress")

    assert rows.jobs_in(redis, "calls") == 0


def change(database: Database, **columns: str | None) -> None:
    with database.transaction() as session:
        session.execute(update(Business).where(Business.phone_number == OURS).values(**columns))
