"""What /metrics shows, in Prometheus' words: base units, sums that only grow end in _total, and no label that could be
a business, a person or a call."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy import true

from db import alerts as alert_rows
from db import lines as open_tasks
from db import patience, sweep_runs, tallies, vitals
from db.durations import Durations, Spread
from db.tallies import Sum
from web.house import House

MOST_SECONDS = 0.6
"""Of a statement that may read many calls: it ends in PostgreSQL itself, and is no outage."""

NONE = "none"

Values = Mapping[tuple[str, ...], float]
"""By the values of the labels, in their order."""


def gauge(name: str, told: str, labels: Iterable[str], values: Values) -> Metric:
    """A value that goes up and down, by its labels."""
    return _filled(GaugeMetricFamily(f"second_zero_{name}", told, labels=list(labels)), values)


def counter(name: str, told: str, labels: Iterable[str], values: Values) -> Metric:
    """A sum that only grows, by its labels."""
    return _filled(CounterMetricFamily(f"second_zero_{name}", told, labels=list(labels)), values)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, values: Values) -> Metric:
    for place, value in values.items():
        family.add_metric(place, value)
    return family


def queues(house: House) -> Iterator[Metric]:
    """What stands in Redis, and who takes it."""
    lengths, workers = house.queues.lengths(), house.queues.workers()
    if lengths is None or workers is None:
        raise LookupError("Redis does not answer")
    yield gauge("queue_jobs", "Jobs that stand in a queue of RQ.", ["queue"], _single(lengths))
    yield gauge("workers", "Workers of a queue, alive by their heartbeats.", ["queue"], _single(workers))


def disk(house: House) -> Iterator[Metric]:
    """Nothing where recordings are in a bucket."""
    room = house.storage.room()
    if room:
        yield gauge("storage_size_bytes", "Size of the disk that recordings are on.", [], {(): room.size})
        yield gauge("storage_free_bytes", "What may still be written to it.", [], {(): room.free})


def lines(house: House) -> Iterator[Metric]:
    """Open stages of calls."""
    with house.database.transaction() as session:
        lengths = open_tasks.lengths(session, true())
    tasks: dict[tuple[str, ...], float] = {}
    for length in lengths:
        tasks |= {(length.stage, "waiting"): length.waiting, (length.stage, "put_off"): length.put_off}
    ages = {length.stage: length.oldest_seconds or 0 for length in lengths}
    claims = {length.stage: length.at_work for length in lengths}
    yield gauge("tasks", "Open stages nobody works on: due, or put off to a later time.", ["stage", "state"], tasks)
    yield gauge("oldest_task_age_seconds", "How long the first one in line has been due.", ["stage"], _single(ages))
    yield gauge("claims", "Calls that a worker holds.", ["stage"], _single(claims))


def sweeps(house: House) -> Iterator[Metric]:
    """When they ran, and what they have done."""
    with house.database.transaction() as session:
        runs = sweep_runs.standings(session, house.settings.sweep_seconds)
    ages = {run.name: run.age for run in runs}
    late = {run.name: run.is_late for run in runs}
    done: dict[tuple[str, ...], float] = {}
    for run in runs:
        done |= {(run.name, "requeued"): run.requeued, (run.name, "given_up"): run.given_up}
        done[run.name, "repaired"] = run.repaired
    yield gauge("sweep_age_seconds", "Time since a sweep's last run.", ["sweep"], _single(ages))
    yield gauge("sweep_late", "1 where that is too long.", ["sweep"], _single(late))
    yield counter("sweep_calls", "Calls a sweep has put back in line, given up, or put right.", ["sweep", "work"], done)


def alerts(house: House) -> Iterator[Metric]:
    """Those that operators have been told of."""
    with house.database.transaction() as session:
        firing: dict[tuple[str, ...], float] = {
            (alert.name, alert.subject or NONE): 1 for alert in alert_rows.firing(session)
        }
    told = "1 for each alert that fires; subject is its queue or sweep."
    yield gauge("alert_firing", told, ["alert", "subject"], firing)


def sums(house: House) -> Iterator[Metric]:
    """What only grows, since the installation began."""
    with house.database.transaction() as session:
        patience.limit_statements(session, MOST_SECONDS)
        answers, audio = tallies.of(session, Sum.WEBHOOKS), tallies.of(session, Sum.AUDIO_SECONDS)
    by_path: dict[tuple[str, ...], float] = {tuple(label.split(" ")): number for label, number in answers.items()}
    yield counter("webhooks", "Answers to the phone company.", ["path", "status"], by_path)
    told = "Length of the recordings that were transcribed."
    yield counter("audio_transcribed_seconds", told, [], {(): sum(audio.values())})


def recordings(house: House) -> Iterator[Metric]:
    """As the alerts count them."""
    with house.database.transaction() as session:
        patience.limit_statements(session, MOST_SECONDS)
        found = vitals.recordings(session, young=house.settings.stuck_seconds)
        doubled, given_up = vitals.doubled(session), vitals.given_up(session)
    told = "Recordings of calls of the last day that ended STUCK_SECONDS ago, by what became of them."
    states = {"ready": found.ready, "waiting": found.waiting, "failed": found.failed}
    yield gauge("recordings_last_day", told, ["state"], _single(states))
    yield gauge("doubled_calls_last_day", "Calls of the last day with more than one recording.", [], {(): doubled})
    yield gauge("given_up_calls", "Calls of the last two days of which a stage was given up.", [], {(): given_up})


def calls(house: House) -> Iterator[Metric]:
    """By their ends."""
    with house.database.transaction() as session:
        patience.limit_statements(session, MOST_SECONDS)
        rows = vitals.calls_by_end(session)
    ends: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        ends[row.ending, row.outcome or NONE] += row.calls
    told = "Calls that came in during the last day, by how they ended."
    yield gauge("calls_last_day", told, ["ending", "outcome"], ends)


def durations(house: House) -> Iterator[Metric]:
    """Of the last hour."""
    with house.database.transaction() as session:
        patience.limit_statements(session, MOST_SECONDS)
        took = vitals.stage_durations(session)
    stages = _stages(took)
    yield _quantiles("stage_duration_seconds", "How long stages took, of calls of the last hour.", stages)
    looked_at = {stage: spread.calls for stage, spread in stages.items()}
    yield gauge("stage_duration_calls", "Calls that those times are of.", ["stage"], _single(looked_at))
    missed = "Seconds between the answer and the beginning of the recording, of calls of the last hour."
    yield _quantiles("recording_head_seconds", missed, {"recording": took.head})


def _stages(took: Durations) -> Mapping[str, Spread]:
    return {
        "download": took.end_to_file,
        "transcript": took.file_to_text,
        "summary": took.text_to_summary,
        "hangup_to_text": took.end_to_text,
    }


def _quantiles(name: str, told: str, spreads: Mapping[str, Spread]) -> Metric:
    """A summary without sum and count: those would have to be of all time."""
    family = Metric(f"second_zero_{name}", told, "summary")
    for stage, spread in spreads.items():
        for quantile, value in (("0.5", spread.p50), ("0.95", spread.p95)):
            if value is not None:
                family.add_sample(family.name, {"stage": stage, "quantile": quantile}, value)
    return family


def _single(values: Mapping[Any, float]) -> dict[tuple[str, ...], float]:
    return {(label,): value for label, value in values.items()}
