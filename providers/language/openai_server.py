"""Summaries written by a language model, on any server that speaks OpenAI's chat completions API."""

from collections.abc import Sequence

from providers.language import Line, Summary, prompt
from providers.language.chat import Chat
from providers.language.text import LONGEST, clean, shorten, with_words

OPENAI = "https://api.openai.com/v1"
DEFAULT_MODEL = "gpt-5.4-mini"
TIMEOUT = 60.0  # seconds a question; a summary takes a model 2 to 20
INCOMPLETE = {
    "en": "The middle of this very long call is not covered.",
    "he": "אמצע השיחה הארוכה הזאת אינו כלול בסיכום.",
}


class OpenAISummarizer:
    def __init__(self, api_key: str | None, base_url: str | None, model: str | None, timeout: float = TIMEOUT) -> None:
        """`timeout` is in seconds, for each question; a call of more than about 20 minutes needs several."""
        self._model = model or DEFAULT_MODEL
        self._chat = Chat(api_key, base_url or OPENAI, self._model, timeout)

    def summarize(self, lines: Sequence[Line], *, language: str | None, business: str | None) -> Summary:
        parts, complete = prompt.pieces(with_words(lines))
        context = prompt.Context(language, business)
        if len(parts) == 1:
            text = self._chat.ask(prompt.question(prompt.WHOLE, parts[0], context))
        else:
            text = self._join(parts, context)
        warning = "" if complete else "\n" + INCOMPLETE.get(language or "", INCOMPLETE["en"])
        return Summary(shorten(clean(text), LONGEST - len(warning)) + warning, self._model)

    def _join(self, parts: list[list[Line]], context: prompt.Context) -> str:
        """Notes of each part first, then one summary of the notes."""
        notes = []
        for number, part in enumerate(parts, start=1):
            heading = prompt.PART.format(number=number, count=len(parts))
            note = self._chat.ask(prompt.question(heading, part, context))
            notes.append(Line("unknown", shorten(clean(note))))
        return self._chat.ask(prompt.question(prompt.JOINED.format(count=len(parts)), notes, context))
