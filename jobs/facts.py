"""From the phone company's words to the database's: the two do not know each other."""

from db.calls import CallFacts
from db.costs import BY_REST
from db.recordings import RecordingFacts
from providers.telephony import CallInfo, RecordingInfo


def call_facts(info: CallInfo) -> CallFacts:
    """What a look at the call says."""
    return CallFacts(
        call_sid=info.call_sid,
        status=info.status,
        direction=info.direction,
        from_number=info.from_number,
        to_number=info.to_number,
        parent_call_sid=info.parent_call_sid,
        duration=info.duration,
        at=info.started_at,
    )


def recording_facts(info: RecordingInfo, url: str) -> RecordingFacts:
    """What a look at the recording says. A list has one word for recordings started by TwiML and by REST: it tells
    nothing of who did it."""
    return RecordingFacts(
        recording_sid=info.recording_sid,
        status=info.status,
        url=url,
        source=None if info.source == BY_REST else info.source,
        channels=info.channels,
        duration=info.duration,
        started_at=info.started_at,
        error_code=info.error_code,
    )
