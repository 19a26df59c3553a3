"""The signed address is the request line as it stood: decoding it would break good signatures."""

import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest

from conf import settings
from launch.ports import any_free
from tests.conftest import SECRET_KEY, database_in, execute
from tests.support.twilio import ACCOUNT_SID, AUTH_TOKEN, CALL_SID, PUBLIC_BASE_URL, sign

START_SECONDS = 30
FORM = {"AccountSid": ACCOUNT_SID, "CallSid": CALL_SID, "CallStatus": "ringing", "ToCity": "São Paulo", "ToZip": ""}
TARGETS = [
    "/webhook/call_status",
    "/webhook/call_status?",
    "/webhook/call_status?city=S%C3%A3o",
    "/webhook/call_status?city=caf%c3%a9&when=12%3A30",
    "/webhook/call_status?folder=a%2Fb&folder=a/b&empty=",
    "/webhook/call%5Fstatus",
    "/webhook/call_status?a=1&a=2&b",
]


@pytest.fixture(scope="module")
def port(postgres_url: str, valkey_url: str) -> Iterator[int]:
    """gunicorn, as it runs in production."""
    execute(postgres_url, "CREATE DATABASE wire TEMPLATE template")
    port = any_free()
    environment = settings.environment(
        DATABASE_URL=database_in(postgres_url, "wire"),
        REDIS_URL=valkey_url,
        SECRET_KEY=SECRET_KEY,
        PUBLIC_BASE_URL=PUBLIC_BASE_URL,
        TWILIO_ACCOUNT_SID=ACCOUNT_SID,
        TWILIO_AUTH_TOKEN=AUTH_TOKEN,
        PORT=str(port),
    )
    command = [sys.executable, "-m", "gunicorn", "-c", "conf/gunicorn.conf.py", "-w", "1", "web.wsgi"]
    with subprocess.Popen(command, cwd=settings.ROOT, env=environment) as server:
        wait_until_alive(port, server)
        yield port
        server.terminate()
    execute(postgres_url, "DROP DATABASE wire WITH (FORCE)")


def wait_until_alive(port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            return ask(port, "GET", "/healthz", {})
        except OSError:
            time.sleep(0.05)
    pytest.fail("gunicorn did not start")


def ask(port: int, method: str, target: str, headers: dict[str, str], form: dict[str, str] | None = None) -> int:
    """The status of the answer to a target that is sent as it stands."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    body = urlencode(form) if form else None
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    try:
        connection.request(method, target, body, headers | kind)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_verifies_as_it_was_written_and_no_other_way(port: int, target: str) -> None:
    signed = {"X-Twilio-Signature": sign(target, FORM)}
    other = {"X-Twilio-Signature": sign(f"{target}x", FORM)}

    assert ask(port, "POST", target, signed, FORM) == 204
    assert ask(port, "POST", target, other, FORM) == 403


def test_a_get_is_signed_by_its_target_alone(port: int) -> None:
    target = f"/webhook/call_status?{urlencode(FORM)}"

    assert ask(port, "GET", target, {"X-Twilio-Signature": sign(target, {})}) == 204
    assert ask(port, "GET", f"{target}&Duration=1", {"X-Twilio-Signature": sign(target, {})}) == 403


def test_an_absolute_target_can_not_name_another_host(port: int) -> None:
    target = "http://evil.example/webhook/call_status"
    signature = sign("/webhook/call_status", FORM, base="http://evil.example")

    assert ask(port, "POST", target, {"X-Twilio-Signature": signature}, FORM) == 403


def test_a_signature_beyond_every_header_is_refused(port: int) -> None:
    answer = ask(port, "POST", "/webhook/call_status", {"X-Twilio-Signature": "x" * 60_000}, FORM)

    assert 400 <= answer < 500


def test_a_nul_in_a_field_is_refused(port: int) -> None:
    form = FORM | {"CallSid": f"{CALL_SID[:-1]}\0"}

    assert (
        ask(port, "POST", "/webhook/call_status", {"X-Twilio-Signature": sign("/webhook/call_status", form)}, form)
        == 400
    )
