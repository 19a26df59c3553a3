"""The invariants I1 to I14, each a question to the evidence, in the order of the table."""

from collections.abc import Callable, Sequence

from tests.drill import ends, files, work
from tests.drill.evidence import Evidence
from tests.drill.findings import Finding

SPOKEN = ("furniture", "dining", "maple", "sarah cooper", "oak table")
"""Words of the demo call that nobody else has a reason to write."""

Check = Callable[[Evidence], Finding]


def redis_is_disposable(evidence: Evidence) -> Finding:
    """That all the rest holds after flushes is one half; that no job is left over is the other."""
    broken = [f"{length} jobs are left in {queue}" for queue, length in evidence.queued.items() if length]
    return Finding("I10", "queues after flushes and freezes: no job is left", len(evidence.queued), broken)


def nothing_tells_secrets(evidence: Evidence) -> Finding:
    """Neither a log, nor an error answer, nor Redis; each of them must have had something to tell."""
    numbers = {number.lstrip("+") for caller in evidence.placed.values() for number in (caller.from_, caller.to)}
    canaries = {*evidence.secrets, *numbers, *SPOKEN}
    texts = {place: text.lower() for place, text in evidence.told.items()}
    broken = [f"{one!r} is in {place}" for place, text in texts.items() for one in canaries if one.lower() in text]
    silent = [f"nothing is in {place}" for place, text in texts.items() if not text]
    what = f"secrets, numbers, words and paths in {', '.join(texts)}"
    return Finding("I11", what, len(canaries), sorted([*broken, *silent]))


def isolation_is_asked_elsewhere(evidence: Evidence) -> Finding:
    return Finding("I12", "other businesses' objects: the API's own tests", broken=None)


def order_is_asked_elsewhere(evidence: Evidence) -> Finding:
    return Finding("I14", "all orders of webhooks: the webhooks' own tests", broken=None)


CHECKS: Sequence[Check] = (
    ends.every_recording_is_known,
    ends.every_call_is_final,
    ends.every_call_has_its_right_end,
    ends.nothing_is_there_twice,
    work.writers_never_overlap,
    ends.nothing_is_stuck,
    files.ready_means_bytes,
    work.statuses_follow_the_diagram,
    work.slots_are_kept,
    work.attempts_are_bounded,
    work.delays_are_bounded,
    work.outages_cost_no_attempt,
    ends.few_are_given_up,
    files.storage_and_rows_agree,
    redis_is_disposable,
    nothing_tells_secrets,
    isolation_is_asked_elsewhere,
    work.downloads_are_polite,
    order_is_asked_elsewhere,
)


def check_all(evidence: Evidence) -> Sequence[Finding]:
    return [check(evidence) for check in CHECKS]
