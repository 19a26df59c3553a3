"""The commands that set an installation up."""

import pytest

from db.engine import Database
from db.models import Business
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
