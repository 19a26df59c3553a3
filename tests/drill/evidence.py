"""What can be asked after the storm: the phone company, the database with its witness, the storage, the log."""

import json
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extras import RealDictCursor

from tests.drill.callers import Caller
from tests.drill.house import House
from tests.drill.kinds import STAGE_OF_KIND
from tests.drill.storm import FREEZE, KILL, POSTGRES, STOP, Hit

Row = dict[str, Any]

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Witnesses:
    """Those who can be asked at any time."""

    database_url: str
    company_url: str
    storage: Path

    def ask(self, statement: str) -> Sequence[Row]:
        connection = psycopg2.connect(self.database_url, cursor_factory=RealDictCursor)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return [dict(row) for row in cursor.fetchall()]
        finally:
            connection.close()

    def calls(self) -> Sequence[Row]:
        """What the phone company knows of each call."""
        return list(self._look("calls"))

    def recordings(self) -> Sequence[Row]:
        return list(self._look("recordings"))

    def faults(self) -> Row:
        return dict(self._look("faults"))

    def _look(self, what: str) -> Any:
        with urllib.request.urlopen(f"{self.company_url}/simulator/{what}", timeout=60) as answer:
            return json.load(answer)


def witnesses_of(house: House) -> Witnesses:
    return Witnesses(house.postgres.url, house.company.url, house.recordings)


@dataclass(frozen=True)
class Holding:
    """A claim from the transaction that took it to the one that ended it."""

    call_id: int
    stage: str
    business_id: int
    claim: int
    pid: int
    attempts: int
    began: datetime
    ended: datetime
    ended_in: str | None

    def met(self, hit: Hit) -> bool:
        """Whether its worker, or PostgreSQL under it, was hit while it was held."""
        if hit.began > self.ended or hit.ended < self.began:
            return False
        if hit.target == POSTGRES:
            return hit.deed in (STOP, FREEZE)
        return STAGE_OF_KIND.get(hit.target) == self.stage and hit.pid == self.pid


@dataclass(frozen=True)
class Evidence:
    """Everything the invariants are checked with, gathered when all is final."""

    witnesses: Witnesses
    placed: Mapping[str, Caller]
    hits: Sequence[Hit]
    left_open: Sequence[str]
    queued: Mapping[str, int]
    """Jobs in each queue of calls."""
    told: Mapping[str, str]
    """Everything that could be read by those who must not know: logs, error answers, what Redis held."""
    secrets: Sequence[str]

    def ask(self, statement: str) -> Sequence[Row]:
        return self.witnesses.ask(statement)

    @cached_property
    def known(self) -> Mapping[str, Row]:
        """What the phone company knows, by CallSid."""
        return {call["call_sid"]: call for call in self.witnesses.calls()}

    @cached_property
    def recordings(self) -> Sequence[Row]:
        return self.witnesses.recordings()

    @cached_property
    def calls(self) -> Mapping[str, Row]:
        """Our rows, by CallSid."""
        return {row["call_sid"]: row for row in self.ask("SELECT * FROM call_log")}

    @cached_property
    def claims(self) -> Sequence[Row]:
        """The witness's rows, in the order in which they were seen."""
        return self.ask("SELECT * FROM drill.held ORDER BY id")

    @cached_property
    def holdings(self) -> Sequence[Holding]:
        ends = {_key(row): row for row in self.claims if not row["taken"]}
        return [_holding(row, ends.get(_key(row))) for row in self.claims if row["taken"]]

    @cached_property
    def cut(self) -> Sequence[tuple[Holding, Hit]]:
        """Every hit that met a claim, with the claim."""
        return [(holding, hit) for hit in self.hits for holding in self.holdings if holding.met(hit)]

    def wounded(self, target: str, deeds: Sequence[str] = (KILL,)) -> int:
        """How many processes of a kind were hit while they held a call."""
        return len({(hit.began, hit.pid) for _, hit in self.cut if hit.target == target and hit.deed in deeds})


def _key(row: Row) -> tuple[Any, ...]:
    return row["call_id"], row["stage"], row["claim"], row["business_id"]


def _holding(taken: Row, end: Row | None) -> Holding:
    return Holding(
        call_id=taken["call_id"],
        stage=taken["stage"],
        business_id=taken["business_id"],
        claim=taken["claim"],
        pid=int(taken["worker"].rpartition("-")[2]),
        attempts=taken["attempts"],
        began=taken["at"],
        ended=end["at"] if end else NEVER,
        ended_in=end["transaction"] if end else None,
    )
