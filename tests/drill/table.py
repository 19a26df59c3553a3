"""The report of a storm: invariants, kills by kind, outages, calls, and what is broken."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.drill.ends import WELL
from tests.drill.evidence import Evidence
from tests.drill.findings import Finding
from tests.drill.kinds import CLAIMING, KINDS
from tests.drill.storm import FLUSH, FREEZE, KILL, POSTGRES, STOP, VALKEY

MOST_EXAMPLES = 10
WIDTH = 76


def table(findings: Sequence[Finding], evidence: Evidence) -> str:
    return "\n".join([*_invariants(findings), "", *_strokes(evidence), "", *_calls(evidence), *_broken(findings)])


def _invariants(findings: Sequence[Finding]) -> Iterator[str]:
    yield f"{'':4} {'checked':{WIDTH}} {'count':>6}"
    for finding in findings:
        yield f"{finding.invariant:4} {finding.what[:WIDTH]:{WIDTH}} {finding.count:6} {finding.word}"


def _strokes(evidence: Evidence) -> Iterator[str]:
    kills = _count(evidence, KILL)
    yield f"{'SIGKILL':24} {'kills':>6} {'with a call in hand':>20}"
    for kind in KINDS:
        held = str(evidence.wounded(kind)) if kind in CLAIMING else ""
        yield f"{kind:24} {kills[kind]:6} {held:>20}"
    yield f"{'all':24} {kills.total():6}"
    frozen = _count(evidence, FREEZE)
    yield f"FLUSHALL {_count(evidence, FLUSH)[VALKEY]}, PostgreSQL stopped {_count(evidence, STOP)[POSTGRES]}"
    yield "frozen: " + ", ".join(f"{target} {times}" for target, times in sorted(frozen.items()))


def _calls(evidence: Evidence) -> Iterator[str]:
    faults = evidence.witnesses.faults()
    wrong = sum(faults["faulty"].values())
    yield f"calls placed {len(evidence.placed)}, known here {len(evidence.calls)}, {_unheard(evidence)} never heard of"
    yield f"recordings {len(evidence.recordings)}; ends: {_ends(evidence)}"
    kinds = ", ".join(f"{kind} {times}" for kind, times in sorted(faults["faulty"].items()))
    yield f"answers of the phone company {faults['answers']}, faulty {wrong} ({kinds})"


def _unheard(evidence: Evidence) -> int:
    """Calls whose every event was lost, and that were not recorded: there is nothing to fetch."""
    return len(evidence.known.keys() - evidence.calls.keys())


def _ends(evidence: Evidence) -> str:
    ends = Counter(_end(call) for call in evidence.calls.values())
    return ", ".join(f"{end} {times}" for end, times in ends.most_common())


def _end(call: dict[str, object]) -> str:
    return str(call["outcome"] or ("well" if call["summary_status"] == WELL[3] else "open"))


def _count(evidence: Evidence, deed: str) -> Counter[str]:
    return Counter(hit.target for hit in evidence.hits if hit.deed == deed)


def _broken(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        if finding.broken:
            yield f"\n{finding.invariant} BROKEN, {len(finding.broken)} times: {finding.what}"
            yield from (f"  {example}" for example in finding.broken[:MOST_EXAMPLES])
