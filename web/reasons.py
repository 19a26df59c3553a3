"""What went wrong, in the reader's language: the database keeps each reason as an English sentence."""

import re
from typing import NamedTuple

from flask_babel import gettext

from db.models import CallLog
from db.stages import PREFIX
from db.words import Stage


def N_(sentence: str) -> str:
    """Marks a sentence to translate, by the name that the extraction of texts looks for."""
    return sentence


NOT_THERE_YET = N_("The phone company does not have the file yet.")

OUR_OUTAGES = (
    N_("Our disk could not take the file."),
    N_("Our disk is full."),
    N_("Our disk can't be written to."),
    N_("Our disk could not give the file back."),
    N_("Our object store refused our credentials."),
    N_("Our object store did not do what we asked."),
    N_("The recording could not be read from storage."),
    N_("The speech model does not know the language %(language)s."),
    N_("PostgreSQL went away (%(kind)s)."),
)
"""Not the call's fault, nor the phone company's."""

OTHERS = (
    N_("The phone company did not answer."),
    N_("The phone company does not have it."),
    N_("The phone company answered with error %(status)s."),
    N_("The phone company refused our credentials: check TWILIO_AUTH_TOKEN."),
    N_("The phone company asks us to slow down."),
    N_("TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN: needed to delete recordings there."),
    N_("The phone company can't call this number."),
    N_("The phone company does not let this account call there; its owner can allow the country."),
    N_("The phone company does not let this account call from the business's number."),
    N_("The phone company has suspended the account; its owner can see there why."),
    N_("The phone company refused the call with error %(code)s."),
    N_("The phone company could not make the recording."),
    N_("The phone company never finished the recording."),
    N_("The phone company says it has the file, but does not give it."),
    N_("The call can't be recorded now."),
    N_("The recording was deleted at the phone company."),
    N_("The recording's file broke off on the way."),
    N_("The file took too long to arrive."),
    N_("The file is larger than any recording."),
    N_("The file lasts %(seconds)s s, but the phone company announced %(announced)s s."),
    N_("The phone company's file is not audio."),
    N_("The file is not audio that can be played."),
    N_("The phone company sent an empty file."),
    N_("The file holds no sound at all."),
    N_("The call has no recording."),
    N_("The recording's file is not in our storage."),
    N_("There is no transcript to sum up."),
    N_("Nobody spoke, so there is nothing to sum up."),
    N_("The summary server refused our key (status %(status)s)."),
    N_("The summary server is busy or broken (status %(status)s)."),
    N_("The summary server did not accept the request (status %(status)s): check SUMMARY_MODEL, OPENAI_BASE_URL."),
    N_("The summary server did not answer in time."),
    N_("The summary server could not be reached."),
    N_("The summary server's answer is far too long."),
    N_("The summary server's answer is not a chat completion."),
    N_("The summary server's answer is empty."),
    N_("The language model refused to write a summary."),
    N_("The speech model could not be loaded on this device."),
    N_("The speech model failed."),
    N_("The worker stopped in the middle of it."),
    N_("An error of ours: %(kind)s."),
    N_("The old system never heard that the recording was finished."),
    N_("The old system kept no CallSid, so the phone company can't be asked."),
    N_("The old system did not find it."),
    N_("The old system was refused."),
    N_("The old system was asked to slow down."),
    N_("The old system got no answer in time."),
    N_("The old system's disk could not take it."),
    N_("The old system got a file it could not read."),
    N_("The old system got no connection."),
    N_("The old system failed (%(kind)s)."),
    N_("The old system failed."),
)

FILLED_IN = re.compile(r"%\\\((\w+)\\\)s")
"""How re.escape leaves a place that is filled in."""


class Known(NamedTuple):
    """A sentence, and how one recognises it once its places are filled in."""

    sentence: str
    pattern: re.Pattern[str]


def _known(sentence: str) -> Known:
    words = FILLED_IN.sub(r"(?P<\1>.+?)", re.escape(sentence.removesuffix(".")))
    return Known(sentence, re.compile(rf"{words}\.?", re.IGNORECASE))  # some are told as part of a sentence


KNOWN = tuple(_known(sentence) for sentence in (NOT_THERE_YET, *OUR_OUTAGES, *OTHERS))


def told(reason: str) -> str:
    """The sentence in the reader's language; one that nobody has translated stays as it is."""
    for sentence, pattern in KNOWN:
        found = pattern.fullmatch(reason)
        if found:
            return gettext(sentence, **found.groupdict())
    return reason


def last_of(call: CallLog, stage: Stage) -> str | None:
    """What went wrong last, in English and without the stage, if it was in this one."""
    error, prefix = call.last_error or "", f"{PREFIX[stage]}: "
    return error.removeprefix(prefix) if error.startswith(prefix) else None


def last_error(call: CallLog) -> str:
    """What went wrong last and in which stage, as a sentence; nothing when nothing did."""
    titles = {
        Stage.RECORDING: gettext("Recording"),
        Stage.TRANSCRIPT: gettext("Transcript"),
        Stage.SUMMARY: gettext("Summary"),
    }
    for stage, title in titles.items():
        reason = last_of(call, stage)
        if reason:
            return f"{title}: {told(reason)}"
    return call.last_error or ""


def is_our_outage(reason: str | None) -> bool:
    """Whether something of ours was down."""
    sentences = [pattern for sentence, pattern in KNOWN if sentence in OUR_OUTAGES]
    return any(pattern.fullmatch(reason or "") for pattern in sentences)
