"""Where calls ended, against the phone company's own list: nothing lost, nothing twice, nothing stuck."""

from collections import Counter

from tests.drill.evidence import Evidence, Row
from tests.drill.findings import Finding

RESULT_OF_STAGE = {
    "download": "recording_download_status = 'ready'",
    "transcript": "transcript_status = 'completed'",
    "summary": "summary_status = 'completed' AND summary IS NOT NULL",
}
GAVE_UP = "gave_up"
GIVEN_UP_SHARE = 0.01

ACCEPTED = 204
"""The answer to an event that is committed; TwiML, with 200, is also said when there is no database to be asked."""

End = tuple[str, str, str, str, str | None]

WELL: End = ("completed", "ready", "completed", "completed", None)
NOBODY_SPOKE: End = ("completed", "ready", "completed", "completed", "no_speech")
NOT_AUDIO: End = ("completed", "failed", "failed", "failed", "not_audio")


def every_recording_is_known(evidence: Evidence) -> Finding:
    known = {row["recording_sid"] for row in evidence.ask("SELECT recording_sid FROM recording")}
    finished = [one["recording_sid"] for one in evidence.recordings if one["status"] in ("completed", "absent")]
    return Finding("I1", "recordings at the phone company are rows", len(finished), sorted(set(finished) - known))


def every_call_is_final(evidence: Evidence) -> Finding:
    recorded = {one["call_sid"] for one in evidence.recordings}
    accepted = {sid for sid, call in evidence.known.items() if ACCEPTED in _answers(call)}
    lost = sorted((recorded | accepted) - evidence.calls.keys())
    strange = sorted(evidence.calls.keys() - evidence.known.keys())
    return Finding(
        "I1", "calls with a recording, or an event we accepted, are rows", len(evidence.calls), [*lost, *strange]
    )


def _answers(call: Row) -> set[int | None]:
    """Of a debugger event it may be about something that is no call."""
    return {one["status_code"] for one in call["callbacks"] if one["event"] != "debugger"}


def every_call_has_its_right_end(evidence: Evidence) -> Finding:
    wrong = [
        f"{sid} {_end(call)}, faults {' '.join(evidence.placed[sid].faults)}"
        for sid, call in evidence.calls.items()
        if _end(call) not in _right_ends(evidence, sid) and call["outcome"] != GAVE_UP
    ]
    wrong += [
        f"{sid} is {call['call_status']}, not {evidence.known[sid]['status']}"
        for sid, call in evidence.calls.items()
        if call["call_status"] != evidence.known[sid]["status"]
    ]
    return Finding("I1", "ends are those of the phone company's own list", len(evidence.calls), wrong)


def _end(call: Row) -> End:
    return (
        call["recording_status"],
        call["recording_download_status"],
        call["transcript_status"],
        call["summary_status"],
        call["outcome"],
    )


def _right_ends(evidence: Evidence, call_sid: str) -> set[End]:
    statuses = [one["status"] for one in evidence.known[call_sid]["recordings"]]
    caller = evidence.placed[call_sid]
    if "completed" in statuses:
        return {WELL, NOBODY_SPOKE} | ({NOT_AUDIO} if caller.has("media_html") else set())
    outcomes = {"no_recording"} if not statuses else {"silent" if "absent=16102" in caller.faults else "too_short"}
    return {("failed", "missing", "failed", "failed", outcome) for outcome in outcomes}


def nothing_is_there_twice(evidence: Evidence) -> Finding:
    """Each result was committed once: the statuses say that it is there, the witness how often it was written."""
    written = Counter((row["call_id"], row["stage"]) for row in evidence.ask("SELECT * FROM drill.written"))
    there = {
        (row["id"], stage): row["call_sid"]
        for stage, result in RESULT_OF_STAGE.items()
        for row in evidence.ask(f"SELECT id, call_sid FROM call_log WHERE {result}")
    }
    broken = [f"{sid} {key[1]} written {written[key]} times" for key, sid in there.items() if written[key] != 1]
    return Finding("I2", "one file, one transcript, one summary a call", len(there), broken)


def nothing_is_stuck(evidence: Evidence) -> Finding:
    return Finding("I4", "nothing is open any more", len(evidence.calls), evidence.left_open)


def few_are_given_up(evidence: Evidence) -> Finding:
    given_up = [f"{sid} {call['last_error']}" for sid, call in evidence.calls.items() if call["outcome"] == GAVE_UP]
    too_many = len(given_up) > GIVEN_UP_SHARE * len(evidence.placed)
    what = "calls given up, at most 1 % of all: " + (", ".join(given_up) or "none")
    return Finding("I8", what, len(given_up), given_up if too_many else ())
