"""Maintenance is killed at each point of telling an alert: it is told all the same."""

import pytest
from sqlalchemy import update

from db.alerts import TELLING_SECONDS
from db.models import Alert, CallLog
from db.tasks import seconds
from tests.crashes.bench import Bench
from tests.crashes.points import Point, in_sweeps
from tests.support.system import eventually

NAME, LISTENER = "two_recordings", "log"
WITHIN_SECONDS = 20


def record_twice(bench: Bench, call_sid: str, times: int) -> None:
    """As many recordings as the phone company has named for the call."""
    with bench.system.database.transaction() as session:
        session.execute(update(CallLog).where(CallLog.call_sid == call_sid).values(recording_count=times))


def has_been_told(bench: Bench, *, is_over: bool) -> bool:
    with bench.system.database.transaction() as session:
        alert = session.get(Alert, (NAME, ""))
        if alert is None or (alert.cleared_at is not None) != is_over:
            return False
        return (LISTENER in alert.heard_by) != is_over


def let_a_minute_pass(bench: Bench) -> None:
    """For which the killed teller has held the alert."""
    earlier = Alert.telling_until - seconds(TELLING_SECONDS)
    with bench.system.database.transaction() as session:
        session.execute(update(Alert).values(telling_until=earlier))


@pytest.mark.slow
@pytest.mark.parametrize("point", in_sweeps("jobs.alerts.alerts"), ids=str)
def test_an_alert_is_told_though_who_tells_it_was_killed(bench: Bench, point: Point) -> None:
    call_sid = bench.call().result()
    with bench.without("maintenance"):
        record_twice(bench, call_sid, 2)
        with bench.armed(point, "jobs.worker", "maintenance") as armed:
            armed.fired()
    let_a_minute_pass(bench)
    eventually(lambda: has_been_told(bench, is_over=False), WITHIN_SECONDS)

    record_twice(bench, call_sid, 1)
    eventually(lambda: has_been_told(bench, is_over=True), WITHIN_SECONDS)
