"""Connections to Redis, which is a hint: whoever asks it does not wait long for the answer."""

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from conf import settings
from conf.settings import Settings

BRIEF_SECONDS = 0.3
"""For whoever has a caller waiting. The library's own default waits for ever on a frozen server."""

PATIENT_SECONDS = 2
"""For workers: a lease, or a stop, must not wait long behind a frozen server."""


def patient(config: Settings) -> Redis:
    """The client of a worker, or of whoever looks after workers."""
    url = settings.require_redis_url(config)
    return connect(url, tls_verify=config.redis_tls_verify, timeout=PATIENT_SECONDS)


def connect(url: str, *, tls_verify: bool = True, timeout: float = BRIEF_SECONDS) -> Redis:
    """A client that gives up after `timeout` seconds and does not try again by itself."""
    tls = {} if tls_verify or not url.startswith("rediss:") else {"ssl_cert_reqs": None}
    return Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
        **tls,
    )
