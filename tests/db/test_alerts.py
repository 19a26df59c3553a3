"""Each alert is told once to everybody, and once that it is over, whoever tells it and whoever is killed meanwhile."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import update

from db import alerts
from db.alerts import Cause, News
from db.engine import Database
from db.models import Alert
from db.tasks import seconds

NAME = "no_worker"
US = ["log", "pager"]


def see(database: Database, *causes: Cause, name: str = NAME) -> None:
    """These are the causes now."""
    with database.transaction() as session:
        alerts.note(session, name, causes)


def cause(subject: str = "calls", *, patience: float = 0, message: str = "None is there.") -> Cause:
    return Cause(NAME, message, subject, patience)


def tell(database: Database, listeners: Sequence[str] = US) -> list[tuple[str, str, bool]]:
    """Tell everything there is to tell; whom, of what, and whether it is over."""
    heard = []
    for news in alerts.untold(database, listeners):
        heard.append(said(news))
        alerts.told(database, news)
    return heard


def said(news: News) -> tuple[str, str, bool]:
    return news.listener, news.subject, news.is_over


def let_pass(database: Database, by: float) -> None:
    """As if so many seconds had passed."""
    with database.transaction() as session:
        earlier = {"due_at": Alert.due_at - seconds(by), "telling_until": Alert.telling_until - seconds(by)}
        session.execute(update(Alert).values(earlier))


def test_it_is_told_once_however_long_it_lasts_and_once_when_it_is_over(database: Database) -> None:
    see(database, cause())
    assert tell(database) == [("log", "calls", False), ("pager", "calls", False)]
    see(database, cause())
    assert tell(database) == []

    see(database)
    assert tell(database) == [("log", "calls", True), ("pager", "calls", True)]
    see(database)
    assert tell(database) == []


def test_it_is_told_again_when_it_comes_again(database: Database) -> None:
    for _ in range(2):
        see(database, cause())
        assert [is_over for _, _, is_over in tell(database)] == [False, False]
        see(database)
        assert [is_over for _, _, is_over in tell(database)] == [True, True]


def test_what_passes_by_itself_within_its_patience_is_never_told(database: Database) -> None:
    see(database, cause(patience=60))
    assert tell(database) == []
    see(database)
    let_pass(database, 60)
    assert tell(database) == []

    see(database, cause(patience=60))
    see(database, cause(patience=60))
    let_pass(database, 60)
    assert len(tell(database)) == 2


def test_each_queue_has_an_alert_of_its_own(database: Database) -> None:
    see(database, cause("calls"), cause("summaries"))
    assert {subject for _, subject, _ in tell(database)} == {"calls", "summaries"}

    see(database, cause("summaries"))
    assert {(subject, is_over) for _, subject, is_over in tell(database)} == {("calls", True)}


def test_an_alert_does_not_end_another_one(database: Database) -> None:
    see(database, cause())
    see(database, name="disk_full")

    assert {is_over for _, _, is_over in tell(database)} == {False}


def test_it_says_how_it_is_when_it_is_told_and_not_how_it_began(database: Database) -> None:
    see(database, cause(patience=60, message="11 wait."))
    see(database, cause(patience=60, message="40 wait."))
    let_pass(database, 60)

    assert {news.message for news in alerts.untold(database, US)} == {"40 wait."}


def test_a_service_that_did_not_take_it_gets_it_the_next_time_and_the_others_do_not(database: Database) -> None:
    see(database, cause())
    for news in alerts.untold(database, US):
        if news.listener == "log":
            alerts.told(database, news)

    assert tell(database) == [("pager", "calls", False)]


def test_who_never_heard_of_it_does_not_hear_that_it_is_over(database: Database) -> None:
    see(database, cause())
    assert tell(database, ["log"]) == [("log", "calls", False)]
    see(database)

    assert tell(database) == [("log", "calls", True)]


def test_a_service_that_is_set_up_later_hears_what_is_wrong_then(database: Database) -> None:
    see(database, cause())
    tell(database, ["log"])

    assert tell(database) == [("pager", "calls", False)]


def test_who_is_killed_before_it_is_written_leaves_it_to_be_told_again(database: Database) -> None:
    see(database, cause())
    telling = alerts.untold(database, US)
    assert said(next(telling)) == ("log", "calls", False)
    telling.close()  # killed after it was sent

    assert tell(database) == [], "somebody may still be telling it"
    let_pass(database, alerts.TELLING_SECONDS)
    assert tell(database) == [("log", "calls", False), ("pager", "calls", False)]


def test_it_is_over_while_it_is_being_told_and_then_that_is_told_too(database: Database) -> None:
    see(database, cause())
    for news in alerts.untold(database, ["pager"]):
        see(database)
        alerts.told(database, news)

    assert tell(database, ["pager"]) == [("pager", "calls", True)]


def test_it_comes_again_while_its_end_is_being_told_and_then_that_is_told_too(database: Database) -> None:
    see(database, cause())
    tell(database, ["pager"])
    see(database)
    for news in alerts.untold(database, ["pager"]):
        see(database, cause())
        alerts.told(database, news)

    assert tell(database, ["pager"]) == [("pager", "calls", False)]


@pytest.mark.parametrize("is_over", [False, True])
def test_of_many_maintenance_workers_one_tells_it(is_over: bool, database: Database) -> None:
    see(database, *(cause(str(number)) for number in range(5)))
    if is_over:
        tell(database)
        see(database)
    tellers = 4
    ready = Barrier(tellers)

    def run(_: int) -> list[tuple[str, str, bool]]:
        ready.wait()
        return tell(database)

    with ThreadPoolExecutor(tellers) as pool:
        heard = [item for found in pool.map(run, range(tellers)) for item in found]

    assert sorted(heard) == sorted((listener, str(number), is_over) for listener in US for number in range(5))


def test_what_fires_is_what_is_wrong_and_has_outlasted_its_patience(database: Database) -> None:
    see(database, cause("calls"), cause("summaries", patience=60))
    with database.transaction() as session:
        assert [alert.subject for alert in alerts.firing(session)] == ["calls"]
    see(database)
    with database.transaction() as session:
        assert alerts.firing(session) == []
