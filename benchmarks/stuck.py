"""What the sweeps cost: it follows what is stuck, not what is stored.

Fills a database with finished calls, a tenth as many old ones that wait for somebody to press play, and a few thousand
open stages; runs every sweep of the timetable on it, and has PostgreSQL explain each statement as it is run. Prints,
for every statement, the pages it touched with few and with many calls stored. Usage: python -m benchmarks.stuck [CALLS]
"""

import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from redis import Redis
from sqlalchemy import Engine, event, text
from sqlalchemy.engine import Connection

from conf.settings import with_driver
from db import migrate
from db.engine import Database, connect
from jobs import redis as redis_connections
from launch import embedded
from scheduler.timetable import timetable
from tests.support.crew import close_crews, make_maintenance, on_duty

FEW, MANY = 10_000, 1_000_000
STATEMENT_SECONDS = 600
EXPLAINED = re.compile(r"(SELECT|UPDATE|INSERT|DELETE)\b")
SHOWN = 66
"""Characters of a statement that fit into the table."""

UNCHECKED = "SET LOCAL synchronous_commit TO off; SET LOCAL session_replication_role TO replica"
"""A million references to rows that were written a moment ago need no check."""

STORED = """
INSERT INTO business (id, name) SELECT n, 'Business ' || n FROM generate_series(1, 50) n;
INSERT INTO call_log (call_sid, business_id, direction, from_number, to_number, call_status, duration, created_at,
    recording_status, recording_sid, recording_download_status, transcript_status, summary_status, summary)
SELECT 'CA' || lpad(to_hex(n), 32, '0'), n % 50 + 1, 'inbound', '+1415555' || n % 9999, '+14155550100', 'completed', 60,
    timezone('utc', now()) - n * interval '30 seconds',
    'completed', 'RE' || lpad(to_hex(n), 32, '0'), 'ready', 'completed', 'completed', repeat('What was said. ', 20)
FROM generate_series(1, {calls}) n;
INSERT INTO recording (call_id, recording_sid, status, file)
SELECT id, recording_sid, 'completed', call_sid || '/1.wav' FROM call_log;
INSERT INTO webhook_delivery (token, received_at)
SELECT gen_random_uuid(), now() - random() * interval '6 days' FROM generate_series(1, {calls});
INSERT INTO call_log (call_sid, business_id, call_status, created_at, recording_status, recording_sid)
SELECT 'CAb' || lpad(to_hex(n), 31, '0'), n % 50 + 1, 'completed', timezone('utc', now()) - interval '30 days',
    'completed', 'REb' || lpad(to_hex(n), 31, '0') FROM generate_series(1, {calls} / 10) n;
"""
"""Finished calls, one every 30 seconds; and those that an old installation has never fetched."""

STUCK = """
WITH calls AS (
    INSERT INTO call_log (call_sid, business_id, call_status, recording_status, recording_sid,
        recording_download_status, transcript_status)
    SELECT 'CAa' || lpad(to_hex(n), 31, '0'), n % 50 + 1, 'completed', 'completed', 'REa' || lpad(to_hex(n), 31, '0'),
        'ready', 'pending' FROM generate_series(1, 3400) n RETURNING id, business_id, call_sid)
INSERT INTO task (call_id, stage, business_id, claim, lease_until, worker, attempts, enqueued_at)
SELECT id, (ARRAY['download', 'transcript', 'summary'])[id % 3 + 1], business_id,
    CASE WHEN k < 200 THEN k END, CASE WHEN k < 100 THEN now() - interval '1 minute' WHEN k < 200 THEN now() + interval
    '1 hour' END, CASE WHEN k < 200 THEN 'a worker' END, 1, CASE WHEN k < 300 THEN now() - interval '1 hour' END
FROM (SELECT *, row_number() OVER () AS k FROM calls) numbered WHERE k <= 3300;
"""
"""3,000 stages that wait in 150 lines, 100 at work, 100 whose lease is over, 100 lost jobs, 100 calls in no line."""

SWEPT = "INSERT INTO sweep_run (name, since) VALUES ('leases', now() - interval '1 hour')"
"""It has run without a gap, or it would end no lease."""


@dataclass
class Cost:
    """What a statement of a sweep took, all its runs together."""

    sweep: str
    statement: str
    runs: int = 0
    pages: int = 0
    milliseconds: float = 0
    scanned: set[str] = field(default_factory=set)
    """Tables that were read from one end to the other."""


Costs = Mapping[tuple[str, str], Cost]


def main(many: int) -> None:
    """Measure twice and print the table."""
    with tempfile.TemporaryDirectory(prefix="second-zero-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with embedded.postgres(folder / "postgres") as url, embedded.valkey(folder / "valkey") as redis_url:
            migrate.migrate(url)
            database = open_database(url)
            costs = [measure(database, redis_url, folder, calls) for calls in (FEW, many)]
            database.engine.dispose()
    _print(many, *costs)


def open_database(url: str) -> Database:
    """One that is waited for while a million rows are written."""
    engine = connect(with_driver(url), statement_seconds=STATEMENT_SECONDS, application="bench")
    return Database(engine, patience_seconds=STATEMENT_SECONDS)


def measure(database: Database, redis_url: str, folder: Path, calls: int) -> Costs:
    """Fill an empty database, run every sweep once, and tell what each of their statements took."""
    _fill(database, calls)
    redis = redis_connections.connect(redis_url, timeout=10)
    redis.flushall()
    costs = _run_sweeps(database, redis, folder)
    redis.close()
    _empty(database)
    return costs


def _fill(database: Database, calls: int) -> None:
    with database.transaction() as session:
        session.execute(text(UNCHECKED))
        session.execute(text(STORED.format(calls=calls)))
        session.execute(text(STUCK))
    _run_alone(database.engine, "VACUUM ANALYZE")
    _run_alone(database.engine, SWEPT)


def _empty(database: Database) -> None:
    _run_alone(database.engine, "TRUNCATE business, call_log, webhook_delivery, sweep_run CASCADE")


def _run_alone(engine: Engine, statement: str) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))


def _run_sweeps(database: Database, redis: Redis, folder: Path) -> Costs:
    costs: dict[tuple[str, str], Cost] = {}
    crew = make_maintenance(database, redis, folder)
    for entry in timetable(1):
        name = entry.job_id.removeprefix("sweep-")
        with _explaining(database.engine, name, costs), on_duty(crew):
            resolve_name(entry.function)()
    close_crews()
    return costs


@contextmanager
def _explaining(engine: Engine, sweep: str, costs: dict[tuple[str, str], Cost]) -> Iterator[None]:
    """Have PostgreSQL explain, and undo, every statement before it is run."""

    def explain(connection: Connection, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not EXPLAINED.match(statement):
            return
        with closing(connection.connection.cursor()) as aside:
            aside.execute("SAVEPOINT aside")
            aside.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters)
            [[[plan]]] = aside.fetchall()
            aside.execute("ROLLBACK TO aside")
        _add(costs.setdefault((sweep, statement), Cost(sweep, statement)), plan)

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", explain)


def _add(cost: Cost, plan: dict[str, Any]) -> None:
    top = plan["Plan"]
    cost.runs += 1
    cost.pages += top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    cost.milliseconds += plan["Execution Time"]
    cost.scanned |= {node["Relation Name"] for node in _nodes(top) if node["Node Type"] == "Seq Scan"}


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _print(many: int, with_few: Costs, with_many: Costs) -> None:
    print(f"pages touched by each sweep with {FEW:,} and {many:,} calls stored; 3,400 calls are open or stuck in both")
    print(f"{'sweep':<10}{'statement':<{SHOWN + 1}}{'runs':>5}{'few':>9}{'many':>9}{'ms':>8}  read whole")
    for key, cost in {**with_few, **with_many}.items():
        few = with_few[key].pages if key in with_few else 0
        many_pages = with_many[key].pages if key in with_many else 0
        print(
            f"{cost.sweep:<10}{_short(cost.statement):<{SHOWN + 1}}{cost.runs:>5}{few:>9,}{many_pages:>9,}"
            f"{cost.milliseconds:>8.1f}  {', '.join(sorted(cost.scanned)) or '-'}"
        )


def _short(statement: str) -> str:
    words = " ".join(statement.split())
    return re.sub(r"^SELECT .*? FROM ", "SELECT ... FROM ", words)[:SHOWN]


def read_whole(costs: Iterable[Cost]) -> set[str]:
    """Tables that any of the statements has read from one end to the other."""
    return set().union(*(cost.scanned for cost in costs))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else MANY)
