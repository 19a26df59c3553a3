"""When operators are told, one rule for all that is asked at once: what has happened, and what to do, in their words.

A rule answers with the causes there are now, or with None where it can't tell. Each alert's name is a heading of the
runbook.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import true
from sqlalchemy.orm import Session

from db import lines, sweep_runs, vitals
from db.alerts import Cause
from db.vitals import DAY, GIVEN_UP_WITHIN, Recordings
from db.words import Stage
from jobs.queues import Queues
from providers.storage import Storage
from providers.telephony import REFUSED

CREDENTIALS = "credentials"
"""Why a sweep was postponed, in a word of the glossary."""


@dataclass(frozen=True)
class Limits:
    """What is too much, and for how long; times in seconds."""

    sweep: float = 60
    stuck: float = 600
    day: float = DAY
    given_up_within: float = GIVEN_UP_WITHIN
    waiting_downloads: int = 10
    least_ready: float = 0.80
    most_waiting: float = 0.05
    most_failed: float = 0.01
    least_free: float = 0.10

    @property
    def restart(self) -> float:
        """What a restart, or a heartbeat after a flush of Redis, may take."""
        return 2 * self.sweep


@dataclass(frozen=True)
class Look:
    """What a rule may ask."""

    session: Session
    queues: Queues
    storage: Storage
    limits: Limits


Rule = Callable[[Look], Iterable[Cause] | None]


def calls_given_up(look: Look) -> Iterable[Cause]:
    """Nobody tries again but by hand."""
    found = vitals.given_up(look.session, look.limits.given_up_within)
    if found:
        yield Cause(
            "calls_given_up",
            f"A stage of {_calls(found)} was given up after its last attempt. Read last_error, mend the cause, then"
            " have it done again.",
        )


def sweep_late(look: Look) -> Iterable[Cause]:
    """Refused credentials are an alert of their own."""
    for run in sweep_runs.standings(look.session, look.limits.sweep):
        if run.is_late and run.reason != CREDENTIALS:
            why = f" ({run.reason})" if run.reason else ""
            yield Cause(
                "sweep_late",
                f"The sweep {run.name} has not got through for {_minutes(run.age)}{why}. Look for SWEEP_POSTPONED in"
                " the log, and whether the maintenance worker and the scheduler run.",
                subject=run.name,
                patience=look.limits.sweep,
            )


def no_worker(look: Look) -> Iterable[Cause] | None:
    """Of a queue, alive by its heartbeat."""
    workers = look.queues.workers()
    if workers is None:
        return None
    return [
        Cause(
            "no_worker",
            f"No worker takes jobs from the queue {queue}: its calls wait. Start one, or read why it does not start.",
            subject=queue,
            patience=look.limits.restart,
        )
        for queue, number in workers.items()
        if not number
    ]


def downloads_wait(look: Look) -> Iterable[Cause]:
    """In line, whether or not a job stands in Redis: a business has few there at a time."""
    waiting = {length.stage: length.waiting for length in lines.lengths(look.session, true())}[Stage.DOWNLOAD]
    if waiting > look.limits.waiting_downloads:
        yield Cause(
            "downloads_wait",
            f"For {_minutes(look.limits.stuck)} more than {look.limits.waiting_downloads} recordings have waited,"
            f" and {waiting} do now. Add a recordings worker, or see why downloads are slow.",
            patience=look.limits.stuck,
        )


def recordings(look: Look) -> Iterable[Cause]:
    """Of those that could be here: ready, waiting for longer than any download takes, or failed for good."""
    found, limits = vitals.recordings(look.session, within=look.limits.day, young=look.limits.stuck), look.limits
    if not found.all:
        return
    if found.share(found.ready) < limits.least_ready:
        yield Cause("recordings_not_ready", _share(found, found.ready, "are ready", "See which of them fail or wait."))
    if found.share(found.waiting) > limits.most_waiting:
        message = _share(found, found.waiting, "still wait", "See whether the recordings worker gets any.")
        yield Cause("recordings_waiting", message)
    if found.share(found.failed) > limits.most_failed:
        message = _share(found, found.failed, "could not be fetched", "Read last_error, mend the cause, retry them.")
        yield Cause("recordings_failed", message)


def repairs(look: Look) -> Iterable[Cause]:
    """Something had to be put right that should not have gone wrong."""
    if sweep_runs.repaired_within(look.session, look.limits.day):
        yield Cause(
            "repairs",
            "A sweep has put calls right that had fallen out of the pipeline: webhooks were lost, or somebody set a"
            " status by hand. Nothing is lost; see whether the phone company reaches us.",
        )


def credentials_refused(look: Look) -> Iterable[Cause]:
    """By the phone company, to a sweep or to a worker."""
    runs = sweep_runs.standings(look.session, look.limits.sweep)
    is_refused = any(run.reason == CREDENTIALS for run in runs)
    if is_refused or vitals.blamed_on(look.session, REFUSED, look.limits.given_up_within):
        yield Cause(
            "credentials_refused",
            "Twilio refuses our credentials: recordings can't be started, asked for or fetched. Put the right"
            " TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, the token in use first, and restart.",
        )


def disk_full(look: Look) -> Iterable[Cause]:
    """Where recordings are kept; a bucket is not ours to measure."""
    room = look.storage.room()
    if room and room.free < look.limits.least_free * room.size:
        yield Cause(
            "disk_full",
            f"The disk for recordings has {room.free / room.size:.0%} of its room left. When it is full, downloads wait"
            " and lose no attempt. Make room, or move to a larger disk or a bucket.",
        )


def two_recordings(look: Look) -> Iterable[Cause]:
    """Both are paid."""
    found = vitals.doubled(look.session, look.limits.day)
    if found:
        yield Cause(
            "two_recordings",
            f"{_calls(found)} of the last day had more than one recording, and each is paid. Something besides us"
            " records: look at the number, its TwiML and RECORDING_START.",
        )


RULES: Mapping[str, Rule] = {
    "calls_given_up": calls_given_up,
    "sweep_late": sweep_late,
    "no_worker": no_worker,
    "downloads_wait": downloads_wait,
    "recordings_not_ready": recordings,
    "recordings_waiting": recordings,
    "recordings_failed": recordings,
    "repairs": repairs,
    "credentials_refused": credentials_refused,
    "disk_full": disk_full,
    "two_recordings": two_recordings,
}
"""By the name of the alert."""


def _share(found: Recordings, number: int, what: str, do: str) -> str:
    return f"Of {found.all} recordings of the last day {number} ({found.share(number):.0%}) {what}. {do}"


def _calls(number: int) -> str:
    return "1 call" if number == 1 else f"{number} calls"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"
