"""A container's health check: whoever has left a mark lately is alive, and a Redis that is down says nothing."""

import pytest
from redis import Redis

from jobs import marks
from launch import alive, ports

PID = "71"


@pytest.fixture(autouse=True)
def addresses(redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)


def test_a_worker_with_a_mark_is_alive_and_one_without_is_not(redis: Redis) -> None:
    redis.hset(f"rq:worker:{marks.name_of('calls', 71)}", marks.MARK, "2026-01-01T00:00:00Z")

    assert alive.main(["calls", "--pid", PID]) == 0
    assert alive.main(["recordings", "--pid", PID]) == 1
    assert alive.main(["scheduler", "--pid", PID]) == 1


def test_without_redis_nobody_is_called_unwell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", f"redis://{ports.LOOPBACK}:{ports.any_free()}/0")

    assert alive.main(["calls", "--pid", PID]) == 0
