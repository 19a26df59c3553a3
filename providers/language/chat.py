"""One question to a chat completions server: bounded in time and size, its failures in our own words."""

import re
import time

import httpx2
import openai
from openai.types.chat import ChatCompletionMessageParam
from pydantic import BaseModel, Field, ValidationError

from providers.language.failures import bad_answer, too_slow, translate, unreachable

NO_KEY = "none"  # the client insists on a key; a server of one's own mostly asks for none
CONNECT_TIMEOUT = 5.0  # seconds
LARGEST_ANSWER = 256 * 1024  # bytes; a summary with everything around it is 5 kB
MOST_TOKENS = 4000  # a summary needs 500; models that think first count their thoughts in
THOUGHTS = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)  # some open models send them along


class Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class Choice(BaseModel):
    message: Message
    finish_reason: str | None = None


class Answer(BaseModel):
    """The part of a completion that matters; servers differ in the rest."""

    choices: list[Choice] = Field(min_length=1)


class Chat:
    def __init__(self, api_key: str | None, base_url: str, model: str, timeout: float) -> None:
        self._api_key = api_key or NO_KEY
        self._base_url = base_url
        self._model = model
        self._timeout = timeout

    def ask(self, messages: list[ChatCompletionMessageParam]) -> str:
        """The answer's text, never blank; raises Unavailable, without the cause: a cause quotes the call or the key."""
        try:
            body = self._send(messages)
        except openai.OpenAIError as error:
            raise translate(error) from None
        except httpx2.TimeoutException:
            raise too_slow() from None
        except httpx2.HTTPError:
            raise unreachable() from None
        return _text(body)

    def _send(self, messages: list[ChatCompletionMessageParam]) -> bytes:
        ends_at = time.monotonic() + self._timeout
        # the answer is read in pieces, since the client itself would read for ever, and any number of gigabytes
        with (
            self._client() as client,
            client.chat.completions.with_streaming_response.create(
                model=self._model, messages=messages, max_completion_tokens=MOST_TOKENS
            ) as response,
        ):
            body = bytearray()
            for piece in response.iter_bytes():
                body += piece
                _check_bounds(body, ends_at)
        return bytes(body)

    def _client(self) -> openai.OpenAI:
        """A new one for each question: nothing stays open in between, and nothing crosses a fork."""
        return openai.OpenAI(
            api_key=self._api_key,
            base_url=self._base_url,
            timeout=httpx2.Timeout(self._timeout, connect=min(CONNECT_TIMEOUT, self._timeout)),
            max_retries=0,  # the pipeline tries again, and counts
        )


def _check_bounds(body: bytearray, ends_at: float) -> None:
    if len(body) > LARGEST_ANSWER:
        raise bad_answer("The summary server's answer is far too long.")
    if time.monotonic() > ends_at:
        raise too_slow()


def _text(body: bytes) -> str:
    try:
        choice = Answer.model_validate_json(body).choices[0]
    except ValidationError:
        raise bad_answer("The summary server's answer is not a chat completion.") from None
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise bad_answer("The language model refused to write a summary.")
    text = THOUGHTS.sub("", choice.message.content or "").strip()
    if not any(letter.isalnum() for letter in text):
        raise bad_answer("The summary server's answer is empty.")
    return text
