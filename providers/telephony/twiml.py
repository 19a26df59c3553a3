"""What we tell Twilio to do with a call."""

from dataclasses import dataclass

from twilio.twiml.voice_response import Connect, Dial, Start, Stream, VoiceResponse

from providers.telephony.outbound import Callbacks

DELIVERY = "#rc=5&rp=all&ct=2000&rt=5000&tt=15000"
"""Asks Twilio to try a callback five times, also after a refusal; by default it tries again once, and only when it
could not connect. The fragment is not signed and never reaches us."""

RECORDING_EVENTS = ("in-progress", "completed", "absent")

LISTEN_SECONDS = 60
"""How long a caller may speak after the greeting when there is nobody to connect to."""

GREETING = {
    "he": "שלום, הגעתם אלינו. אפשר להשאיר הודעה ונחזור אליכם.",
    "en": "Hello, you have reached us. Please leave a message and we will call you back.",
}
VOICE = {"he": "he-IL", "en": "en-US"}


@dataclass(frozen=True)
class Answer:
    """How one call is answered: forwarded to a number, or greeted."""

    forward_to: str | None = None
    greeting: str | None = None
    language: str = "en"


class TwiML:
    """Writes the documents; knows our public address and where media streams go."""

    def __init__(self, public_base_url: str, media_stream_url: str | None) -> None:
        self._public = public_base_url
        self._media_stream_url = media_stream_url

    def answer(self, answer: Answer, *, record: bool) -> str:
        """Record from second 0, before anything is heard; then stream, forward or greet."""
        response = VoiceResponse()
        if record:
            response.append(self._start_recording())
        if self._media_stream_url:
            response.append(self._connect_stream())
        elif answer.forward_to:
            response.append(_dial(answer.forward_to))
        else:
            _greet(response, answer)
        return str(response)

    def hang_up(self) -> str:
        """The end of a call whose stream has ended."""
        response = VoiceResponse()
        response.hangup()
        return str(response)

    def recording_callback(self) -> str:
        """Where Twilio reports on recordings."""
        return f"{self._public}/webhook/handle_recording{DELIVERY}"

    def callbacks(self) -> Callbacks:
        """Where Twilio asks and tells about a call that we place."""
        return Callbacks(
            answered=f"{self._public}/webhook/outbound_call",
            fallback=f"{self._public}/webhook/fallback",
            status=f"{self._public}/webhook/call_status{DELIVERY}",
            recording=self.recording_callback(),
        )

    def _start_recording(self) -> Start:
        start = Start()
        start.recording(
            channels="dual",
            track="both",
            trim="do-not-trim",  # <Start> trims silence by default, and every time after it would be off
            recording_status_callback=self.recording_callback(),
            recording_status_callback_method="POST",
            recording_status_callback_event=" ".join(RECORDING_EVENTS),
        )
        return start

    def _connect_stream(self) -> Connect:
        connect = Connect(action=f"{self._public}/webhook/stream_ended", method="POST")
        connect.append(
            Stream(
                url=self._media_stream_url,
                status_callback=f"{self._public}/webhook/stream_status{DELIVERY}",
                status_callback_method="POST",
            )
        )
        return connect


def _dial(number: str) -> Dial:
    dial = Dial()
    dial.number(number)
    return dial


def _greet(response: VoiceResponse, answer: Answer) -> None:
    language = answer.language if answer.language in GREETING else "en"
    response.say(answer.greeting or GREETING[language], language=VOICE[language])
    response.pause(length=LISTEN_SECONDS)
