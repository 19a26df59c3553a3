"""The shapes of what the API takes and gives; its OpenAPI document is made from them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from db.words import DownloadStatus, Outcome, RecordingStatus, Speaker, TextStatus

MOST_CALLS = 100
USUAL_CALLS = 50

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


class ListQuery(Language):
    """Which calls, and from where on."""

    status: CallStatus | None = Field(None, description="how the call itself went")
    direction: Literal["inbound", "outbound"] | None = None
    stage_failed: RetriedStage | None = Field(None, description="it has failed, and is not tried again by itself")
    limit: int = Field(USUAL_CALLS, ge=1, le=MOST_CALLS)
    cursor: str | None = Field(None, description="the next_cursor of the page before")


class RetryBody(BaseModel):
    """Which stage to have done again."""

    stage: RetriedStage = Field(description="`recording` has the file fetched again")
    force: bool = Field(
        False, strict=True, description="also when it is done; what is there stays until it is replaced"
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


class DownloadState(BaseModel):
    """Where our copy of a recording is."""

    status: DownloadStatus
    retry_after: int | None = Field(description="seconds after which it is worth asking again")
    message: str
    url: str = Field(description="where the recording can be had")
