"""How much a sentence says: the numbers, dates, amounts, names, requests and promises in it."""

import re
from dataclasses import dataclass

from providers.language.sentences import stem, words
from providers.language.vocabulary import Kind, Vocabulary

# A number is what an owner looks for first; a topic without one says least.
WEIGHTS: dict[Kind, float] = {"number": 2.0, "money": 2.0, "date": 1.5, "topic": 1.0}
SECOND = 0.5  # of the weight for each further word of a kind, up to MOST_OF_A_KIND of them
MOST_OF_A_KIND = 3
NAME = 1.0
REQUEST = 1.0
PROMISE = 1.5
COURTESY = -2.0
CURRENCY = re.compile(r"[$€£₪]")
CAPITAL = re.compile(r"(?<=[\w,] )[A-Z][a-z]+")
SHORT = 4  # words; shorter sentences seldom mean much alone
BREVITY = -1.0


@dataclass(frozen=True)
class Facts:
    weight: float
    words: frozenset[str]  # those that carry a fact, to see whether another sentence tells it already


def facts(text: str, vocabulary: Vocabulary) -> Facts:
    spoken = words(text)
    weight = 0.0
    telling: set[str] = set()
    for kind, worth in WEIGHTS.items():
        found = _of_kind(kind, spoken, text, vocabulary)
        weight += _worth(worth, len(found))
        telling |= found
    names = {name.lower() for name in CAPITAL.findall(text)} - telling if vocabulary.has_capitals else set()
    weight += _worth(NAME, len(names - vocabulary.stop_words)) + _tone(text, vocabulary)
    weight += BREVITY * (len(spoken) < SHORT)
    return Facts(weight, frozenset(telling | names))


def _of_kind(kind: Kind, spoken: tuple[str, ...], text: str, vocabulary: Vocabulary) -> set[str]:
    known = vocabulary.telling[kind]
    found = {word for word in spoken if word in known or stem(word) in known}
    if kind == "number":
        found |= {word for word in spoken if word[0].isdigit()}
    if kind == "money":
        found |= set(CURRENCY.findall(text))
    return found


def _worth(first: float, count: int) -> float:
    if not count:
        return 0.0
    return first * (1 + SECOND * (min(count, MOST_OF_A_KIND) - 1))


def _tone(text: str, vocabulary: Vocabulary) -> float:
    weight = REQUEST * bool(vocabulary.requests.search(text))
    weight += PROMISE * bool(vocabulary.promises.search(text))
    return weight + COURTESY * bool(vocabulary.courtesies.search(text))
