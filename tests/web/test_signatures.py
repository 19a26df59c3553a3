"""Only what the phone company signed for our account gets in; every doubt is a 403 and leaves nothing behind."""

import base64
import hashlib
import json
from collections.abc import Mapping
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from db.engine import Database
from providers.telephony import is_signed
from tests.support.people import People
from tests.support.twilio import ACCOUNT_SID, AUTH_TOKEN, CALL_SID, RECORDING_SID, Twilio, sign
from tests.web import rows, variants
from web.house import House

PATHS = (
    "incoming_call",
    "outbound_call",
    "call_status",
    "handle_recording",
    "stream_status",
    "stream_ended",
    "debugger",
    "fallback",
)
TARGET = "/webhook/incoming_call"
FORM = {
    "AccountSid": ACCOUNT_SID,
    "CallSid": CALL_SID,
    "CallStatus": "ringing",
    "Direction": "inbound",
    "From": "+14155550111",
    "To": "+14155550101",
    "ToCity": "",
}
FORGED = ["", "wrong", base64.b64encode(b"x" * 20).decode(), "x" * 1_000_000, "חתימה", "é", " "]


def post(
    client: FlaskClient, form: Mapping[str, str], signature: str | None, target: str = TARGET, **headers: str
) -> TestResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    signed = {} if signature is None else {"X-Twilio-Signature": signature}
    return client.post(target, data=form, headers=sent | signed)


def test_no_path_takes_an_event_that_nobody_signed(client: FlaskClient, database: Database, redis: Redis) -> None:
    for path in PATHS:
        for signature in (None, *FORGED):
            assert post(client, FORM, signature, f"/webhook/{path}").status_code == 403, path

    assert rows.is_untouched(database, redis)


def test_a_changed_parameter_breaks_the_signature(client: FlaskClient, database: Database, redis: Redis) -> None:
    for name, value in FORM.items():
        assert post(client, FORM | {name: f"{value}0"}, sign(TARGET, FORM)).status_code == 403, name

    assert rows.is_untouched(database, redis)


def test_a_parameter_that_was_added_or_left_out_breaks_the_signature(client: FlaskClient) -> None:
    signature = sign(TARGET, FORM)
    without_to = {name: value for name, value in FORM.items() if name != "To"}

    assert post(client, FORM | {"Extra": "1"}, signature).status_code == 403
    assert post(client, without_to, signature).status_code == 403


def test_parameters_merged_into_one_make_no_call(client: FlaskClient, database: Database, redis: Redis) -> None:
    """A signature knows no separators, so this one verifies; the fields do not."""
    merged = {name: value for name, value in FORM.items() if name not in ("CallSid", "CallStatus")}
    merged["CallSid"] = f"{CALL_SID}CallStatusringing"
    assert sign(TARGET, merged) == sign(TARGET, FORM)

    assert post(client, merged, sign(TARGET, merged)).status_code == 400
    assert rows.is_untouched(database, redis)


def test_an_account_merged_with_its_neighbour_is_not_ours(client: FlaskClient, database: Database) -> None:
    merged = {name: value for name, value in FORM.items() if name not in ("AccountSid", "CallSid")}
    merged["AccountSid"] = f"{ACCOUNT_SID}CallSid{CALL_SID}"

    assert post(client, merged, sign(TARGET, FORM)).status_code == 403


def test_parameters_moved_into_the_query_count_for_nothing(
    client: FlaskClient, database: Database, redis: Redis
) -> None:
    signed_for_form = sign(TARGET, FORM)
    target = f"{TARGET}?{urlencode(FORM)}"

    assert post(client, {}, signed_for_form, target).status_code == 403
    assert post(client, {}, sign(target, {}), target).status_code == 403
    assert client.get(target, headers={"X-Twilio-Signature": signed_for_form}).status_code == 403
    assert rows.is_untouched(database, redis)


def test_the_query_of_a_post_can_not_speak_for_its_form(twilio: Twilio, client: FlaskClient) -> None:
    target = f"{TARGET}?{urlencode({'AccountSid': ACCOUNT_SID})}"
    foreign = FORM | {"AccountSid": "AC" + "f" * 32}

    assert post(client, foreign, sign(target, foreign), target).status_code == 403


@pytest.mark.parametrize("body", [{"CallSid": CALL_SID}, {"CallSid": "CA" + "f" * 32}])
def test_a_body_of_json_is_refused_tampered_with_or_not(
    body: dict[str, str], client: FlaskClient, database: Database, redis: Redis
) -> None:
    honest = json.dumps({"CallSid": CALL_SID}).encode()
    target = f"{TARGET}?AccountSid={ACCOUNT_SID}&bodySHA256={hashlib.sha256(honest).hexdigest()}"

    answer = client.post(target, json=body, headers={"X-Twilio-Signature": sign(target, {})})

    assert answer.status_code == 403
    assert rows.is_untouched(database, redis)


def test_no_forwarded_header_can_say_where_we_are(client: FlaskClient) -> None:
    signature = sign(TARGET, FORM, base="https://evil.example")
    elsewhere = {"X_Forwarded_Host": "evil.example", "X_Forwarded_Proto": "https", "Host": "evil.example"}

    assert post(client, FORM, signature, **elsewhere).status_code == 403


def test_somebody_else_s_host_header_does_not_break_our_signature(client: FlaskClient, people: People) -> None:
    elsewhere = {"X_Forwarded_Host": "evil.example", "X_Forwarded_Proto": "gopher", "Host": "10.0.0.7:5000"}

    assert post(client, FORM, sign(TARGET, FORM), **elsewhere).status_code == 200


def test_repeated_and_blank_parameters_are_signed_too(client: FlaskClient, people: People, database: Database) -> None:
    form = MultiDict([*FORM.items(), ("AddOn", "b"), ("AddOn", "a"), ("AddOn", "b"), ("Blank", "")])
    headers = {"X-Twilio-Signature": sign(TARGET, form)}

    assert client.post(TARGET, data=form, headers=headers).status_code == 200
    form.add("AddOn", "c")
    assert client.post(TARGET, data=form, headers=headers).status_code == 403


def test_two_accounts_in_one_event_are_one_too_many(client: FlaskClient) -> None:
    form = MultiDict([*FORM.items(), ("AccountSid", "AC" + "f" * 32)])

    assert client.post(TARGET, data=form, headers={"X-Twilio-Signature": sign(TARGET, form)}).status_code == 403


def test_during_a_rotation_either_token_verifies_and_a_third_does_not(house: House, people: People) -> None:
    rotating = variants.client_of(variants.under(house, twilio_auth_token=f"{'c' * 32}, {AUTH_TOKEN}"))
    signed_with = [sign(TARGET, FORM, token=token) for token in (AUTH_TOKEN, "c" * 32, "d" * 32, "")]

    assert [post(rotating, FORM, signature).status_code for signature in signed_with] == [200, 200, 403, 403]


def test_another_account_is_refused_though_its_signature_is_good(
    twilio: Twilio, database: Database, redis: Redis
) -> None:
    for account in ("AC" + "f" * 32, "", ACCOUNT_SID.upper(), f"{ACCOUNT_SID}\n"):
        for path in PATHS:
            assert twilio.tells(path, AccountSid=account, RecordingSid=RECORDING_SID).status_code == 403

    assert rows.is_untouched(database, redis)


@pytest.mark.parametrize("missing", ["twilio_account_sid", "twilio_auth_token"])
def test_without_credentials_nothing_gets_in(missing: str, house: House, database: Database, redis: Redis) -> None:
    client = variants.client_of(variants.under(house, **{missing: None}))

    for path in PATHS:
        for token in (AUTH_TOKEN, ""):
            target = f"/webhook/{path}"
            assert post(client, FORM, sign(target, FORM, token=token), target).status_code == 403
    assert rows.is_untouched(database, redis)


def test_only_the_first_three_paths_know_get(twilio: Twilio) -> None:
    for path in PATHS[3:]:
        assert twilio.tells(path, method="GET").status_code == 405


def test_a_body_beyond_every_event_is_refused(client: FlaskClient, database: Database, redis: Redis) -> None:
    form = FORM | {"CallToken": "x" * 1_000_000}

    assert post(client, form, sign(TARGET, form)).status_code == 413
    assert rows.is_untouched(database, redis)


def test_the_documented_example_verifies() -> None:
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    url = "https://example.com/myapp.php?foo=1&bar=2"
    signature = "L/OH5YylLD5NRKLltdqwSvS0BnU="

    assert is_signed(url, form, signature, ["12345"])
    assert not is_signed(url, form | {"Digits": "1235"}, signature, ["12345"])
    assert not is_signed(url, form, signature, ["12346"])
    assert not is_signed(url, form, signature, [])


@pytest.mark.parametrize("url", ["https://calls.example.com:port/", "https://[::1/"])
def test_an_address_that_can_not_be_read_is_not_signed(url: str) -> None:
    assert not is_signed(url, {}, "wrong", [AUTH_TOKEN])
