"""Requests to the customer: signed, timed, and repeated as the address asks for."""

import time
from collections.abc import Mapping
from functools import cache
from uuid import uuid4

import httpx

from simulator.account import Account
from simulator.retries import RetryPolicy, read_policy
from simulator.signature import sign

Fields = Mapping[str, str]

AGENT = {"User-Agent": "TwilioProxy/1.1"}

certificates = cache(httpx.create_ssl_context)
"""Whom we trust, read once."""


class Wire:
    """Safe to use from many threads."""

    def __init__(self, account: Account) -> None:
        self._account = account
        # No connection is kept: a customer that restarts must not cost a callback that was never sent.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(limits=limits, trust_env=False, verify=certificates(), headers=AGENT)

    def ask(self, url: str, fields: Fields, method: str = "POST", token: str | None = None) -> httpx.Response:
        """Send one event, with the same idempotency token on each attempt; raises httpx.TransportError."""
        policy = read_policy(url)
        request = self._request(url, fields, method, token or str(uuid4()), policy)
        return self._attempt(request, policy, policy.retries, time.monotonic() + policy.total_seconds)

    def _attempt(self, request: httpx.Request, policy: RetryPolicy, left: int, deadline: float) -> httpx.Response:
        may_repeat = left > 0 and time.monotonic() < deadline
        try:
            response = self._client.send(request)
        except httpx.TransportError as error:
            if may_repeat and policy.covers_error(error):
                return self._attempt(request, policy, left - 1, deadline)
            raise
        if may_repeat and policy.covers_status(response.status_code):
            return self._attempt(request, policy, left - 1, deadline)
        return response

    def _request(self, url: str, fields: Fields, method: str, token: str, policy: RetryPolicy) -> httpx.Request:
        address = httpx.URL(url).copy_with(fragment=None)
        headers = {"I-Twilio-Idempotency-Token": token, "Accept": "*/*", "X-Home-Region": "us1"}
        if method == "GET":
            address = address.copy_merge_params(dict(fields))
            request = self._client.build_request("GET", address, headers=headers, timeout=policy.timeout)
            signature = sign(self._account.auth_token, str(request.url))
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
            request = self._client.build_request(
                "POST", address, data=dict(fields), headers=headers, timeout=policy.timeout
            )
            signature = sign(self._account.auth_token, str(request.url), fields.items())
        request.headers["X-Twilio-Signature"] = signature
        return request
