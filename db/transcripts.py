"""What was said on a call, whoever wrote it down."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import CallLog, Task, Transcript
from db.texts import says
from db.words import Speaker, Stage


def draft(session: Session, call: CallLog) -> dict[str, Any]:
    """What has been written down so far, with `turns` in it, and of what; empty where nobody has begun."""
    found = session.scalar(select(Task.draft).where(Task.call_id == call.id, Task.stage == Stage.TRANSCRIPT))
    return found if isinstance(found, dict) else {}


def find(session: Session, call: CallLog) -> Transcript | None:
    """The call's transcript; a text of an old installation as turns without times, of which no row is made."""
    ours = session.get(Transcript, call.id)
    if ours is not None:
        return ours
    text = next((text for text in (call.final_transcript, call.transcription, call.transcript) if says(text)), None)
    if text is None:
        return None
    turns = [_turn(line.strip()) for line in text.splitlines() if says(line)]
    return Transcript(call_id=call.id, turns=turns, language=None)


def _turn(text: str) -> dict[str, object]:
    return {"channel": None, "speaker": Speaker.UNKNOWN, "start": None, "end": None, "text": text}
