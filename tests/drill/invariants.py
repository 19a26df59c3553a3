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


def log_tells_no_secrets(evidence: Evidence) -> Finding:
    text = evidence.log.lower()
    numbers = {number.lstrip("+") for caller in evidence.placed.values() for number in (caller.from_, caller.to)}
    canaries = {*evidence.secrets, *numbers, *SPOKEN}
    broken = [f"{canary!r} is in the log" for canary in sorted(canaries) if canary.lower() in text]
    return Finding("I11", "secrets, numbers, words and paths in the log", len(canaries), broken)


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
    log_tells_no_secrets,
    isolation_is_asked_elsewhere,
    work.downloads_are_polite,
    order_is_asked_elsewhere,
)


def check_all(evidence: Evidence) -> Sequence[Finding]:
    return [check(evidence) for check in CHECKS]
