"""The web process leaves a mark by answering: who listens and says nothing is deaf, who does not listen yet is not."""

import socket
from urllib.parse import urlsplit

import pytest
from redis import Redis

from conf.settings import Settings
from launch import ports, watch
from launch.watch import DEAF, WEB, Process
from tests.support.raw_server import Answer, raw_server

FRONT = Process("second-zero:web", WEB, 72)


def mark(redis: Redis, port: int) -> str | None:
    return watch.marks_of([FRONT], redis, Settings(_env_file=None, port=port))[FRONT]


def test_each_answer_is_a_new_mark_and_a_broken_one_is_none(redis: Redis) -> None:
    with raw_server(Answer(), Answer(), Answer(500)) as (_, url):
        first, second, broken = [mark(redis, urlsplit(url).port or 0) for _ in range(3)]

    assert first != second
    assert {first, second}.isdisjoint({DEAF, None})
    assert broken == DEAF


def test_who_listens_and_says_nothing_is_deaf(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "ANSWER_SECONDS", 0.2)
    with socket.create_server((ports.LOOPBACK, 0)) as frozen:
        assert mark(redis, frozen.getsockname()[1]) == DEAF


def test_who_does_not_listen_yet_has_left_no_mark(redis: Redis) -> None:
    assert mark(redis, ports.any_free()) is None
