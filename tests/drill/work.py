"""How the work was held, as the witness saw it: single flight, slots, attempts, delays, edges, downloads."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from tests.drill.diagram import START, edges
from tests.drill.evidence import Evidence, Holding, Row
from tests.drill.findings import Finding
from tests.drill.house import MAX_ATTEMPTS, RETRY_BASE_SECONDS, RETRY_MAX_SECONDS, SLOTS
from tests.drill.kinds import STAGE_OF_KIND
from tests.drill.storm import FREEZE, KILL

STAGES_WITH_SLOTS = {"download", "transcript", "summary"}

LONGEST_DELAY = RETRY_MAX_SECONDS
"""Longer than any Retry-After that the callers' faults ask for."""

DELAYS = """
    SELECT (detail->>'delay')::float AS delay FROM call_event
    WHERE event = 'stage_retried' AND jsonb_exists(detail, 'delay')"""

MOVES = """
    SELECT place, (array_agg(was ORDER BY id))[1] AS was, (array_agg(became ORDER BY id DESC))[1] AS became
    FROM drill.moved GROUP BY transaction, call_id, place, was IS NULL"""
"""From one commit to the next: what is written and changed again within a transaction is seen by nobody."""

INTERRUPTIONS = """
    SELECT detail->>'stage' AS stage FROM call_event
    WHERE event = 'stage_retried' AND said_by = 'sweep' AND NOT jsonb_exists(detail, 'delay')"""


def writers_never_overlap(evidence: Evidence) -> Finding:
    rows = _by_stage_of_call(evidence)
    overlapping = [
        f"claim {after.claim} began while claim {before.claim} was held"
        for holdings in rows.values()
        for before, after in pairwise(sorted(holdings, key=lambda one: one.began))
        if after.began < before.ended
    ]
    results = evidence.ask("SELECT * FROM drill.written ORDER BY id")
    foreign = [
        f"call {row['call_id']} {row['stage']} written by {row['said_by']} beside a claim"
        for row in results
        if not _has_the_right(row, rows.get((row["call_id"], row["stage"]), []))
    ]
    numbers = Counter((one.claim, one.business_id) for one in evidence.holdings)
    reused = [f"claim {claim} was given {times} times" for (claim, _), times in numbers.items() if times > 1]
    what = "claims never overlap, their numbers are new, results are their holder's"
    return Finding("I3", what, len(evidence.holdings), [*overlapping, *foreign, *reused])


def _by_stage_of_call(evidence: Evidence) -> Mapping[tuple[int, str], list[Holding]]:
    rows: dict[tuple[int, str], list[Holding]] = {}
    for holding in evidence.holdings:
        rows.setdefault((holding.call_id, holding.stage), []).append(holding)
    return rows


def _has_the_right(result: Row, holdings: Sequence[Holding]) -> bool:
    """It ended its claim in the same transaction; or nobody held one, and a sweep adopted what was there."""
    if any(holding.ended_in == result["transaction"] for holding in holdings):
        return True
    return not any(holding.began <= result["at"] < holding.ended for holding in holdings)


def statuses_follow_the_diagram(evidence: Evidence) -> Finding:
    allowed = edges()
    moves = evidence.ask(MOVES)
    seen = Counter((row["place"], row["was"] or START, row["became"]) for row in moves if row["was"] != row["became"])
    broken = [
        f"{place}: {was} to {became}, {times} times"
        for (place, was, became), times in seen.items()
        if (was, became) not in allowed[place]
    ]
    return Finding("I6", "changes of status are edges of docs/state-machine.md", seen.total(), broken)


def slots_are_kept(evidence: Evidence) -> Finding:
    at_work: Counter[tuple[int, str]] = Counter()
    most: Counter[tuple[int, str]] = Counter()
    for row in evidence.claims:
        line = (row["business_id"], row["stage"])
        at_work[line] += 1 if row["taken"] else -1
        most[line] = max(most[line], at_work[line])
    broken = [
        f"business {business} had {number} at work on {stage}"
        for (business, stage), number in most.items()
        if stage in STAGES_WITH_SLOTS and number > SLOTS
    ]
    broken += [f"business {business} still holds {stage}" for (business, stage), left in at_work.items() if left]
    full = sum(number == SLOTS for (_, stage), number in most.items() if stage in STAGES_WITH_SLOTS)
    return Finding("I7", f"at most {SLOTS} at work in a line; {full} lines were full", len(most), broken)


def attempts_are_bounded(evidence: Evidence) -> Finding:
    broken = [
        f"call {holding.call_id} {holding.stage}: attempt {holding.attempts}"
        for holding in evidence.holdings
        if holding.attempts > MAX_ATTEMPTS
    ]
    most = max((holding.attempts for holding in evidence.holdings), default=0)
    return Finding("I8", f"at most {MAX_ATTEMPTS} attempts; the most were {most}", len(evidence.holdings), broken)


def delays_are_bounded(evidence: Evidence) -> Finding:
    delays = [row["delay"] for row in evidence.ask(DELAYS)]
    broken = [f"{delay} s" for delay in delays if not RETRY_BASE_SECONDS <= delay <= LONGEST_DELAY]
    return Finding("I8", f"waits of {RETRY_BASE_SECONDS} to {LONGEST_DELAY} s", len(delays), broken)


def outages_cost_no_attempt(evidence: Evidence) -> Finding:
    """A lease that ran out, and was counted, is a process of ours that was killed or frozen, and nothing else."""
    interrupted = Counter(row["stage"] for row in evidence.ask(INTERRUPTIONS))
    to_blame = {stage: evidence.wounded(kind, (KILL, FREEZE)) for kind, stage in STAGE_OF_KIND.items()}
    broken = [
        f"{times} leases of {stage} counted, {to_blame[stage]} workers hit"
        for stage, times in interrupted.items()
        if times > to_blame[stage]
    ]
    return Finding("I8", "leases counted are those of killed or frozen workers", interrupted.total(), broken)


def downloads_are_polite(evidence: Evidence) -> Finding:
    """One whole download a recording, and one more for each that was cut off by a hit."""
    cut = Counter(
        holding.call_id for holding in {holding for holding, _ in evidence.cut} if holding.stage == "download"
    )
    broken = [
        f"{one['recording_sid']} fetched {one['media_downloads']} times, hit {cut[_id(evidence, one)]} times"
        for one in evidence.recordings
        if one["media_downloads"] > 1 + cut[_id(evidence, one)]
    ]
    fetched = sum(one["media_downloads"] for one in evidence.recordings)
    return Finding("I13", "whole downloads, at most one and one for each hit", fetched, broken)


def _id(evidence: Evidence, recording: Row) -> int:
    call = evidence.calls.get(recording["call_sid"])
    return call["id"] if call else 0
