"""A summary without any server: the sentences of the call that carry its facts, in the speakers' own words."""

from collections.abc import Sequence

from sumy.models.dom import ObjectDocumentModel, Paragraph
from sumy.models.dom import Sentence as Node
from sumy.summarizers.text_rank import TextRankSummarizer

from providers.language import Line, Summary
from providers.language.facts import Facts, facts
from providers.language.sentences import Sentence, sentences, stem, words
from providers.language.text import shorten, with_words
from providers.language.vocabulary import Vocabulary, vocabulary_for

MODEL = "offline-extractive"
FEWEST, MOST = 3, 5  # sentences
ONE_IN = 3  # sentences of the call, between those bounds
CANDIDATES = 150  # the ranking compares every two, and a call of four hours has 4,000 sentences
SAME = 0.6  # of their words in common: said twice, or confirmed by the other side
LONGEST_SENTENCE = 300  # characters, so that five of them fit into a summary


class ExtractiveSummarizer:
    def summarize(self, lines: Sequence[Line], *, language: str | None, business: str | None) -> Summary:
        spoken = with_words(lines)
        vocabulary = vocabulary_for(language, " ".join(line.text for line in spoken))
        chosen = choose(sentences(spoken), vocabulary)
        told = (f"{vocabulary.speakers[one.speaker]}: {shorten(one.text, LONGEST_SENTENCE)}" for one in chosen)
        return Summary("\n".join([vocabulary.label, *told]), MODEL)


def choose(spoken: Sequence[Sentence], vocabulary: Vocabulary) -> list[Sentence]:
    """The most telling sentences, as they followed each other."""
    told = {sentence: facts(sentence.text, vocabulary) for sentence in _once(spoken)}
    candidates = sorted(told, key=lambda sentence: told[sentence].weight, reverse=True)[:CANDIDATES]
    central = _centrality(candidates, vocabulary)
    weights = {sentence: told[sentence].weight + central[sentence] for sentence in candidates}
    chosen = _cover(weights, told, wanted=min(MOST, max(FEWEST, len(told) // ONE_IN)))
    return [sentence for sentence in told if sentence in chosen]


def _once(spoken: Sequence[Sentence]) -> list[Sentence]:
    """Without what has no words, or was said in the same words before."""
    first: dict[tuple[str, ...], Sentence] = {}
    for sentence in spoken:
        first.setdefault(words(sentence.text), sentence)
    first.pop((), None)
    return list(first.values())


def _centrality(candidates: Sequence[Sentence], vocabulary: Vocabulary) -> dict[Sentence, float]:
    """TextRank: between 0 and 1, how much a sentence shares with the rest of the call."""
    rank = TextRankSummarizer(stem)
    rank.stop_words = vocabulary.stop_words
    nodes = {sentence: Node(sentence.text, _Words()) for sentence in candidates}
    ratings = rank.rate_sentences(ObjectDocumentModel([Paragraph(nodes.values())]))
    highest = max(ratings.values())
    return {sentence: float(ratings[node] / highest) for sentence, node in nodes.items()}


class _Words:
    """The tokenizer sumy asks for; its own wants models downloaded."""

    def to_words(self, text: str) -> tuple[str, ...]:
        return words(text)


def _cover(weights: dict[Sentence, float], told: dict[Sentence, Facts], wanted: int) -> set[Sentence]:
    """Greedily the heaviest sentence, each time counting only the share of its facts that is new."""
    chosen: set[Sentence] = set()
    known: frozenset[str] = frozenset()
    remaining = dict(weights)
    while remaining and len(chosen) < wanted:
        best = max(remaining, key=lambda sentence: remaining[sentence] * _share_of_new(told[sentence].words, known))
        del remaining[best]
        is_idle = told[best].weight < 0  # better than nothing, and only then
        if chosen and (is_idle or any(_are_same(best, other) for other in chosen)):
            continue
        chosen.add(best)
        known |= told[best].words
    return chosen


def _share_of_new(telling: frozenset[str], known: frozenset[str]) -> float:
    return len(telling - known) / len(telling) if telling else 1.0


def _are_same(one: Sentence, other: Sentence) -> bool:
    left, right = set(words(one.text)), set(words(other.text))
    return len(left & right) >= SAME * max(1, min(len(left), len(right)))
