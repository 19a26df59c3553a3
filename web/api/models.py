"""The shapes of what the API takes and gives; its OpenAPI document is made from them."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from db.words import DownloadStatus, Outcome, RecordingStatus, Speaker, TextStatus
from web.auth import NUL
from web.cursor import GREATEST_ID
from web.finding import LONGEST_QUERY

MOST_CALLS = 100
USUAL_CALLS = 50

LONGEST_NUMBER = 64
KEY = r"^[\x21-\x7e]{1,128}$"

CallStatus = Literal[
    "queued",
    "initiated",
    "ringing",
    "in-progress",
    "completed",
    "busy",
    "no-answer",
    "canceled",
    "failed",
    "rejected",
]
RetriedStage = Literal["recording", "transcript", "summary"]

AS_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _without_nul(text: str) -> str:
    if NUL in text:
        raise PydanticCustomError("nul", "holds a character that no text has")
    return text


def _is_a_day(text: object) -> date:
    """Pydantic alone would also take seconds since 1970."""
    try:
        if isinstance(text, str) and AS_ISO.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError as error:
        raise PydanticCustomError("day", "there is no such day") from error
    raise PydanticCustomError("day", "should be a day such as 2025-01-31")


Sought = Annotated[str, AfterValidator(_without_nul), Field(max_length=LONGEST_QUERY)]
Day = Annotated[date, BeforeValidator(_is_a_day)]
Seconds = Annotated[float, Field(description="seconds since the recording's beginning")]


class ProblemDetail(BaseModel):
    """What did not work."""

    code: str = Field(description="one word for programs")
    message: str = Field(description="a sentence for people, in the reader's language where it is about a call")


class Problem(BaseModel):
    """The one shape of every error."""

    error: ProblemDetail


class CallPath(BaseModel):
    """Which call."""

    call_sid: str = Field(description="its CallSid: CA and 32 hexadecimal digits")


class Language(BaseModel):
    """The language of sentences."""

    lang: Literal["en", "he"] | None = Field(None, description="of sentences; else the user's own")


class StreamQuery(BaseModel):
    """How the recording is wanted."""

    attachment: bool = Field(False, description="as a file to keep, not to play")


class ListQuery(Language):
    """Which calls, and from where on."""

    status: CallStatus | None = Field(None, description="how the call itself went")
    direction: Literal["inbound", "outbound"] | None = None
    stage_failed: RetriedStage | None = Field(None, description="it has failed, and is not tried again by itself")
    q: Sought | None = Field(None, description="words that were said, a name or a number in any spelling; all are met")
    limit: int = Field(USUAL_CALLS, ge=1, le=MOST_CALLS)
    cursor: str | None = Field(None, description="the next_cursor of the page before")


class RangeQuery(ListQuery):
    """Calls of those days."""

    start: Day = Field(description="the first day, in the business's time zone")
    end: Day = Field(description="the last day; its calls are among them")


class LeadPath(BaseModel):
    """Whose number."""

    phone: str = Field(description="in E.164, or as it is written where the business is")


class LeadQuery(Language):
    """From where on."""

    limit: int = Field(USUAL_CALLS, ge=1, le=MOST_CALLS)
    cursor: str | None = Field(None, description="the next_cursor of the page before")


class RetryBody(BaseModel):
    """Which stage to have done again."""

    stage: RetriedStage = Field(description="`recording` has the file fetched again")
    force: bool = Field(
        False, strict=True, description="also when it is done; what is there stays until it is replaced"
    )


class DeletedCall(BaseModel):
    """A call that nobody sees any more, while what is left of it is being erased."""

    call_sid: str
    deleted_at: datetime
    message: str = Field(description="what happens next, in the reader's language")


class PlaceBody(BaseModel):
    """Whom to call."""

    to: str = Field(description="E.164, or as it is written in the business's country", max_length=LONGEST_NUMBER)
    business_id: int | None = Field(
        None, description="for operators: the business that calls", ge=1, le=GREATEST_ID, strict=True
    )


class PlaceHeader(BaseModel):
    """How a call that is asked for twice is known to be the same."""

    key: str | None = Field(
        None,
        alias="Idempotency-Key",
        description="asked again with the same key within a week, the same call is the answer",
        pattern=KEY,
    )


class Turn(BaseModel):
    """What one speaker says at a stretch."""

    channel: int | None = Field(description="0 or 1; null where it is not known")
    speaker: Speaker
    start: Seconds | None
    end: Seconds | None
    text: str
    trust: float = Field(1, ge=0, le=1, description="how sure the transcriber is of its least sure word")
    language: str | None = Field(None, description="ISO 639-1")


class Span(BaseModel):
    """A part of the recording that is worth listening to, since its words may be wrong."""

    channel: int | None
    start: Seconds | None
    end: Seconds | None


class WrittenWord(BaseModel):
    """A word as it was heard."""

    text: str
    start: Seconds
    end: Seconds
    trust: float = Field(ge=0, le=1, description="how sure the transcriber is of it")


class WrittenTurn(Turn):
    """A turn with its words."""

    words: list[WrittenWord] = Field(description="empty where nobody kept them")


class WrittenTranscript(BaseModel):
    """A transcript, whole."""

    call_sid: str
    language: str | None = Field(description="ISO 639-1, of most of it; null where it is not known")
    model: str | None = Field(description="what wrote it down; null for texts of old installations")
    turns: list[WrittenTurn]


class TimelineEvent(BaseModel):
    """What happened to the call."""

    at: datetime
    event: str
    detail: dict[str, Any]


class Call(BaseModel):
    """A call, and where each stage of its pipeline stands."""

    call_sid: str | None = Field(description="null for some calls of old installations")
    business_id: int | None = Field(description="null for calls that belong to no business")
    direction: str | None = Field(description="inbound or outbound")
    from_: str | None = Field(alias="from", description="E.164 where the phone company knows it")
    to: str | None
    name: str | None = Field(description="of the other party, where the business knows it")
    call_status: str | None
    created_at: datetime | None
    duration: int | None = Field(description="seconds")
    recording_status: RecordingStatus | None
    recording_download_status: DownloadStatus | None
    recording_next_retry_at: datetime | None
    transcript_status: TextStatus | None
    summary_status: TextStatus | None
    outcome: Outcome | None = Field(description="why its pipeline ended other than well")
    last_error: str | None
    progress: int | None = Field(description="percent of the stage that is at work")
    estimated_cost_bucket: str | None = Field(description="LOW, MED or HIGH: signs of work that was done twice")
    summary: str | None
    explanation: str = Field(description="one sentence: where the call stands, and why")


class WholeCall(Call):
    """A call with what was said and what happened."""

    transcript: list[Turn]
    doubts: list[Span]
    conversation: dict[str, Any] | None = Field(description="numbers about who spoke how much")
    timeline: list[TimelineEvent]


class CallList(BaseModel):
    """A page of a list."""

    calls: list[Call]
    next_cursor: str | None = Field(description="hand it back for the next page; null at the end")


class Leg(BaseModel):
    """Whom a call was forwarded to."""

    call_sid: str | None
    from_: str | None = Field(alias="from")
    to: str | None
    call_status: str | None
    duration: int | None = Field(description="seconds")


class LeadCall(Call):
    """A call with its legs."""

    legs: list[Leg]


class Lead(BaseModel):
    """A page of the calls with one number."""

    phone: str = Field(description="E.164")
    name: str | None = Field(description="what the business calls them")
    calls: list[LeadCall]
    next_cursor: str | None = Field(description="hand it back for the next page; null at the end")


class DownloadState(BaseModel):
    """Where our copy of a recording is."""

    status: DownloadStatus
    retry_after: int | None = Field(description="seconds after which it is worth asking again")
    message: str
    url: str = Field(description="where the recording can be had")
