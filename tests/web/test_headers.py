"""Whatever leaves tells the browser to run our own scripts only and to be shown by nobody else."""

import re

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from db.engine import Database
from tests.support.people import People
from tests.web import sample_calls as sample
from tests.web import variants
from web.house import House

NONCE = re.compile(r"style-src 'self' 'nonce-([\w-]{20,})';")


def is_protected(answer: TestResponse) -> bool:
    headers = answer.headers
    policy = headers.get("Content-Security-Policy", "")
    return (
        "default-src 'none'" in policy
        and "unsafe" not in policy
        and "frame-ancestors 'none'" in policy
        and headers.get("X-Content-Type-Options") == "nosniff"
        and headers.get("X-Frame-Options") == "DENY"
        and headers.get("Referrer-Policy") == "same-origin"
    )


def test_every_answer_carries_them_errors_included(client: FlaskClient, people: People, house: House) -> None:
    dark = variants.client_of(variants.without_postgres(house))
    answers = {
        200: client.get("/login"),
        302: client.get("/"),
        308: client.get("/admin//rq"),
        400: client.get("/api/calls?limit=x", headers=people.alice.headers),
        401: client.get("/api/calls"),
        403: client.post("/logout"),
        404: client.get("/nowhere"),
        405: client.put("/login"),
        413: client.post("/login", data={"email": "x" * 1_000_000}),
        503: dark.get("/api/calls", headers=people.alice.headers),
    }

    assert {status: answer.status_code for status, answer in answers.items()} == {status: status for status in answers}
    assert [status for status, answer in answers.items() if not is_protected(answer)] == []


def test_an_error_of_our_own_is_told_without_its_traceback(app: Flask) -> None:
    app.testing = False

    @app.get("/api/broken")
    def broken() -> None:
        raise RuntimeError("the password is swordfish, see /var/lib/secret.py")

    answer = app.test_client().get("/api/broken")

    assert answer.status_code == 500
    assert is_protected(answer)
    assert answer.get_json()["error"]["code"] == "internal_server_error"
    assert not any(word in answer.text for word in ("swordfish", "secret.py", "Traceback", "RuntimeError"))


def test_only_a_page_with_a_waveform_lets_a_style_in_and_each_time_another_one(
    client: FlaskClient, people: People, database: Database
) -> None:
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE)

    policies = [client.get(f"/calls/{sid}", headers=people.alice.headers).headers for _ in range(2)]
    nonces = [NONCE.findall(headers["Content-Security-Policy"]) for headers in policies]

    assert [len(found) for found in nonces] == [1, 1]
    assert nonces[0] != nonces[1]
    assert "script-src 'self';" in policies[0]["Content-Security-Policy"]
    assert "nonce" not in client.get("/", headers=people.alice.headers).headers["Content-Security-Policy"]
