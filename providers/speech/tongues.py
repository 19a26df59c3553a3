"""Which language is spoken: known beforehand, or heard in every window."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from providers.speech.windows import Window

REMEMBERED: Final = 0.3  # of what a channel spoke before: it decides for a short "okay", not against a whole sentence

Ranking = Mapping[str, float]
"""How probable each language is."""


class Tongues:
    """The languages of one recording. Each channel has its own, and may change it."""

    def __init__(self, allowed: Collection[str]) -> None:
        """`allowed` are those that it can be; none means any."""
        self._allowed = frozenset(allowed)
        self._heard: dict[int, Ranking] = {}
        self._latest: Ranking = {}

    @property
    def known(self) -> str | None:
        """The only language that it can be."""
        return next(iter(self._allowed)) if len(self._allowed) == 1 else None

    def follow(self, windows: Sequence[Window], rankings: Sequence[Ranking]) -> list[str]:
        """The language of each window: what it sounds like, and what its channel spoke before."""
        return [self._of(window, ranking) for window, ranking in zip(windows, rankings, strict=True)]

    def _of(self, window: Window, ranking: Ranking) -> str:
        before = self._heard.get(window.channel, self._latest)
        sounds = {
            language: window.seconds * ranking[language] + REMEMBERED * before.get(language, 0)
            for language in self._allowed or ranking
        }
        self._heard[window.channel] = self._latest = sounds
        return max(sounds, key=sounds.__getitem__)
