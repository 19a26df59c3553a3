"""The commands that set an installation up."""

import pytest
from flask.testing import FlaskClient

from db.engine import Database
from db.models import Business
from tests.support.people import People
from tests.web.browsing import sign_in
from web import manage


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)


def add(capsys: pytest.CaptureFixture[str], *options: str) -> int:
    manage.main(["business", "add", "Levi Furniture", "--number", "+972 3-555-0100", *options])
    return int(capsys.readouterr().out)


def business(database: Database, business_id: int) -> Business:
    with database.transaction() as session:
        return session.get_one(Business, business_id)


def test_a_business_says_what_is_spoken_on_its_calls_and_how_its_names_are_written(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    made = business(database, add(capsys, "--spoken", "he, EN", "--term", "Kfar Saba", "--term", "Ozeri"))

    assert made.spoken_languages == ["he", "en"]
    assert made.vocabulary == ["Kfar Saba", "Ozeri"]
    assert (made.phone_number, made.time_zone) == ("+97235550100", "UTC")


def test_what_is_not_given_when_a_business_is_changed_stays_as_it_is(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    made = add(capsys, "--term", "Ozeri", "--time-zone", "Asia/Jerusalem")

    manage.main(["business", "change", str(made), "--spoken", "he", "--language", "he"])

    changed = business(database, made)
    assert (changed.spoken_languages, changed.language) == (["he"], "he")
    assert (changed.vocabulary, changed.time_zone) == (["Ozeri"], "Asia/Jerusalem")


def test_a_business_that_is_not_there_is_not_changed() -> None:
    with pytest.raises(SystemExit, match="99: there is no such business"):
        manage.main(["business", "change", "99", "--language", "he"])


@pytest.mark.parametrize("written", ["hebrew", "he;en", "", "he,"])
def test_languages_are_written_as_codes(written: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        manage.main(["business", "change", "1", "--spoken", written])

    assert "e.g. he,en" in capsys.readouterr().err


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[str]:
    """The command's lines."""
    capsys.readouterr()
    manage.main([str(argument) for argument in arguments])
    return capsys.readouterr().out.splitlines()


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Why the command did nothing."""
    with pytest.raises(SystemExit) as stopped:
        run(capsys, *arguments)
    return str(stopped.value.code) + capsys.readouterr().err


def test_a_vocabulary_is_emptied(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    made = add(capsys, "--term", "Ozeri")

    assert run(capsys, "business", "change", made, "--no-terms") == [str(made)]

    assert business(database, made).vocabulary == []


def test_a_business_is_renamed_and_made_inactive_and_active(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    made = add(capsys)
    run(capsys, "business", "change", made, "--name", "Levi & Sons", "--inactive")
    assert run(capsys, "business", "list") == [f"{made}\tLevi & Sons\tinactive\t+97235550100"]

    run(capsys, "business", "change", made, "--active")
    assert business(database, made).is_active


def test_numbers_come_and_go(capsys: pytest.CaptureFixture[str]) -> None:
    made = add(capsys)

    assert run(capsys, "number", "add", made, "+1 (415) 555-0177") == ["+14155550177"]
    assert run(capsys, "number", "remove", made, "+972 35550100") == ["+97235550100"]

    assert run(capsys, "business", "list") == [f"{made}\tLevi Furniture\tactive\t+14155550177"]
    assert "no number of business" in refused(capsys, "number", "remove", made, "+97235550100")
    assert "there is no business 99" in refused(capsys, "number", "add", 99, "+97235550100")


def test_whoever_adds_a_number_that_another_business_has_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    add(capsys)
    manage.main(["business", "add", "Another", "--number", "+14155550177"])
    second = int(capsys.readouterr().out)

    manage.main(["number", "add", str(second), "+97235550100"])

    assert "belong to neither" in capsys.readouterr().err


def test_a_user_is_added_changed_and_listed(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    made = add(capsys)
    new = ("user", "add", "dana@example.com", "--business", made, "--role", "manager", "--password", "12345678")
    [user_id] = run(capsys, *new)
    run(capsys, *(word if word != "dana@example.com" else "other@example.com" for word in new))

    assert run(capsys, "user", "change", "DANA@example.com", "--role", "agent", "--inactive") == [user_id]

    listed = f"{user_id}\t{made}\tdana@example.com\tagent\tinactive\tnever"
    assert listed in run(capsys, "user", "list", "--business", made)
    assert "there is such a user already" in refused(capsys, *new)
    run(capsys, "user", "change", "dana@example.com", "--active")
    assert listed.replace("inactive", "active") in run(capsys, "user", "list")


def test_a_new_password_by_command_ends_sessions(
    client: FlaskClient, people: People, capsys: pytest.CaptureFixture[str]
) -> None:
    sign_in(client, people.alice)

    run(capsys, "user", "change", people.alice.email, "--password", "a brand new password")

    assert client.get("/api/calls").status_code == 401


def test_the_last_manager_and_the_last_operator_stay_by_command_too(
    people: People, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "nobody else manages" in refused(capsys, "user", "change", people.alice.email, "--inactive")
    assert "there is no other operator" in refused(capsys, "user", "change", people.operator.email, "--role", "agent")
    assert "there is no such user" in refused(capsys, "user", "change", "nobody@example.com", "--inactive")


def test_tokens_are_listed_and_revoked(client: FlaskClient, people: People, capsys: pytest.CaptureFixture[str]) -> None:
    [token] = run(capsys, "token", "add", people.alice.email, "--name", "laptop")
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/calls", headers=headers).status_code == 200

    token_id, name, *_ = run(capsys, "token", "list", people.alice.email)[0].split("\t")
    assert name == "laptop"
    assert run(capsys, "token", "revoke", token_id) == [token_id]

    assert client.get("/api/calls", headers=headers).status_code == 401
    assert client.get("/api/calls", headers=people.alice.headers).status_code == 200
    assert "there is no such token" in refused(capsys, "token", "revoke", token_id)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("token", "add", "alice@example.com", "--name", "session"), "kept for browsers"),
        (("user", "add", "alice", "--role", "operator", "--password", "12345678"), "one @"),
        (("user", "add", "a@example.com", "--role", "operator", "--password", "1234567"), "8 to 255"),
        (("user", "add", "a@example.com", "--role", "agent", "--password", "12345678"), "--business"),
        (("business", "add", "x" * 256, "--number", "+14155550177"), "At most 255"),
        (("number", "add", "1", "555"), "with its country"),
        (("business", "change", "1", "--time-zone", "Asia"), "no such time zone"),
        (("business", "change", "1", "--term", " "), "A name is needed"),
    ],
)
def test_commands_ask_for_what_pages_ask_for(
    arguments: tuple[str, ...], told: str, people: People, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told in refused(capsys, *arguments)
