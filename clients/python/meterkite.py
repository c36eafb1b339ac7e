"""Calls of Meterkite's functions, and what a generated client does not know about them.

    from meterkite import Client, usage_of

    client = Client("https://app.example.com/api", token=fetch_id_token)
    client.call("debit-credits", {"user_id": "ada", "amount": 30})

A write is sent with an idempotency key that is made once and kept over all attempts, so it is
applied once even if its answer is lost. Python 3.9 or later; no packages. A client has no state
that changes: threads may share it.
"""

from __future__ import annotations

import asyncio
import email.utils
import http.client
import inspect
import json
import logging
import random
import re
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from datetime import timezone
from json import JSONDecodeError
from typing import Any, Awaitable, Callable, Mapping, NamedTuple, Optional, Tuple, Union

__all__ = ["CaptureError", "Charged", "Client", "MeterkiteError", "retry_after", "usage_of"]

MAX_ANSWER_BYTES = 32 << 20
"""An answer that is longer is an error: a page has at most 100 entries."""

FIRST_BACKOFF = 0.5
LONGEST_BACKOFF = 8.0
"""Seconds. The pause after attempt n is random, from what `Retry-After` says (or 0) to at most
FIRST_BACKOFF * 2 ** (n - 1) more, of which no more than LONGEST_BACKOFF."""

_CHUNK_BYTES = 1 << 16
_REPEATABLE = frozenset({408, 429, 500, 502, 503, 504})
_USUAL_TIERS = frozenset({None, "auto", "default", "standard"})
_CHARACTERS = (
    "characters",
    "character_count",
    "character-cost",
    "character_cost",
    "character_count_change_from",
    "character_count_change_to",
)
_KEY = re.compile("[!-~]{1,255}")
_log = logging.getLogger("meterkite")

Json = Mapping[str, Any]
Token = Callable[[], Union[str, Awaitable[str]]]


class MeterkiteError(Exception):
    """A call that was refused or has failed.

    status is the HTTP status, 0 if no complete answer arrived. code is what programs compare, such
    as "insufficient_credits"; it is "no_answer" with status 0, and "" for an answer that is not a
    problem of Meterkite's, such as that of a proxy. errors lists the faults of the fields (field,
    code, message). problem has all members of the answer, such as balance, available, required.
    retry_after is in seconds, None if the answer has no such header. request_id finds the call in
    the logs. key is the idempotency key, None for a read; attempts is how often it was sent.
    """

    def __init__(
        self,
        function: str,
        status: int,
        problem: Json,
        *,
        wait: Optional[float] = None,
        request_id: str = "",
        key: Optional[str] = None,
        attempts: int = 1,
    ):
        self.function = function
        self.status = status
        self.problem = problem
        self.code = str(problem.get("code", ""))
        self.detail = str(problem.get("detail", ""))
        errors = problem.get("errors")
        self.errors = [e for e in errors if isinstance(e, dict)] if isinstance(errors, list) else []
        self.retry_after = wait
        self.request_id = request_id
        self.key = key
        self.attempts = attempts
        faults = "".join(f"; {e.get('field')} {e.get('message')}" for e in self.errors)
        super().__init__(
            f"{function}: {status} {self.code} {self.detail}{faults}"
            f" (request {request_id}, attempts: {attempts})"
        )

    @property
    def is_outcome_unknown(self) -> bool:
        """Whether the call may have been applied. Repeat it with the same key to find out."""
        return self.status in (0, 408) or self.status >= 500


class CaptureError(Exception):
    """The work of with_hold is done, and what it consumed could not be captured.

    result is what the work returned. `client.call(function, body, key=key)` repeats the capture;
    it is safe at any time before the hold lapses. __cause__ is the MeterkiteError.
    """

    def __init__(self, result: Any, hold: Json, function: str, body: Json, key: str):
        super().__init__(f"hold {hold['hold_id']} of {hold.get('expires_at')} is not captured")
        self.result = result
        self.hold = hold
        self.function = function
        self.body = body
        self.key = key


class Charged(NamedTuple):
    """What the work returned, and the answer of settle-hold (or debit-credits, see with_hold)."""

    result: Any
    answer: Json


class Client:
    """Calls functions.

    base_url is one address for all functions, such as "https://app.example.com/api", to which
    "/debit-credits" is added; or an address per function, as a text with "{function}" in it, such
    as "https://{function}-123456789.us-central1.run.app", or as a callable from name to address.
    token returns the bearer token and is called for each attempt; it may be a coroutine function,
    which is run in an event loop of its own, so call from a thread that has none. timeout, in
    seconds, bounds connecting, each wait for data, and the reading of an answer. attempts bounds
    how often a call is sent. An answer whose Retry-After is more than max_wait seconds is raised
    at once, with retry_after for the caller.
    """

    def __init__(
        self,
        base_url: Union[str, Callable[[str], str]],
        token: Token,
        *,
        timeout: float = 30.0,
        attempts: int = 5,
        max_wait: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
        rng: Callable[[], float] = random.random,
    ):
        if attempts < 1 or timeout <= 0:
            raise ValueError("attempts must be at least 1, and timeout more than 0")
        self._address = _address(base_url)
        self._token = token
        self._timeout = timeout
        self._attempts = attempts
        self._max_wait = max_wait
        self._sleep = sleep
        self._random = rng
        self._opener = urllib.request.build_opener(_NoRedirect)

    def call(self, function: str, body: Json, *, key: Optional[str] = None) -> Any:
        """Sends a POST and returns its answer.

        Give a key that your operation already has, such as the id of a payment, if a repeat can
        come from another process; else one is made. Raises MeterkiteError.
        """
        if key is not None and not _KEY.fullmatch(key):
            raise ValueError("a key has 1 to 255 visible ASCII characters")
        data = json.dumps(body, allow_nan=False).encode()
        return self._send("POST", function, "", data, key or str(uuid.uuid4()))

    def read(self, function: str, query: Json) -> Any:
        """Sends a GET with the parameters that are not None. Text, such as CSV, is a str."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._send("GET", function, urllib.parse.urlencode(given), None, None)

    def with_hold(
        self,
        job: Json,
        work: Callable[[Json], Tuple[Any, Json]],
        *,
        overage: str = "debit",
    ) -> Charged:
        """Holds an upper bound, runs the work, captures what it was.

        job is the body of hold-credits: user_id, amount or usage, and expires_in_seconds, which
        must be longer than the work takes. work is called with the hold and returns its result
        and what it consumed, as {"amount": credits} or {"usage": usage_of(...)}.

        If the work raises, the hold is released and the exception passes on. What is more than the
        hold is debited as far as credits are available, or refused with overage="refuse". If the
        hold has lapsed meanwhile and is not that of a job_id, what it was is debited without it.
        Raises CaptureError, which has the result, if that fails. A process that dies leaves a hold
        that lapses by itself.
        """
        key = str(uuid.uuid4())
        hold = self.call("hold-credits", job, key=key)["hold"]
        try:
            result, spent = work(hold)
            if set(spent) not in ({"amount"}, {"usage"}):
                raise TypeError("work must return its result and {'amount': …} or {'usage': …}")
        except BaseException:
            self._release(hold, key)
            raise
        return Charged(result, self._capture(hold, key, result, spent, overage, job))

    def _capture(
        self, hold: Json, key: str, result: Any, spent: Json, overage: str, job: Json
    ) -> Json:
        function = "settle-hold"
        body = {"hold_id": hold["hold_id"], "action": "capture", "overage": overage, **spent}
        try:
            try:
                return self.call(function, body, key=key)
            except MeterkiteError as lapsed:
                if lapsed.code != "hold_expired" or "job_id" in job or spent.get("amount") == 0:
                    raise
                function, body = "debit-credits", {"user_id": hold["user_id"], **spent}
                return self.call(function, body, key=key)
        except MeterkiteError as failure:
            raise CaptureError(result, hold, function, body, key) from failure

    def _release(self, hold: Json, key: str) -> None:
        try:
            self.call("settle-hold", {"hold_id": hold["hold_id"], "action": "release"}, key=key)
        except MeterkiteError as failure:  # the exception of the work is the one to pass on
            if failure.code != "hold_expired":
                _log.warning(
                    "hold %s is not released; it lapses at %s: %s",
                    hold["hold_id"],
                    hold.get("expires_at"),
                    failure,
                )

    def _send(
        self, method: str, function: str, query: str, data: Optional[bytes], key: Optional[str]
    ) -> Any:
        url = self._address(function) + ("?" + query if query else "")
        headers = {"Accept": "application/json", "X-Request-Id": str(uuid.uuid4())}
        if key is not None:
            headers["Content-Type"] = "application/json"
            headers["Idempotency-Key"] = key
        for attempt in range(1, self._attempts + 1):
            headers["Authorization"] = "Bearer " + self._bearer()
            request = urllib.request.Request(url, data, headers, method=method)
            status, answer, wait, request_id = self._attempt(request)
            if 200 <= status < 300:
                return answer
            failure = MeterkiteError(
                function,
                status,
                answer if isinstance(answer, dict) else {"detail": str(answer)[:500]},
                wait=wait,
                request_id=request_id or headers["X-Request-Id"],
                key=key,
                attempts=attempt,
            )
            repeatable = status == 0 or status in _REPEATABLE
            if not repeatable or attempt == self._attempts or (wait or 0) > self._max_wait:
                raise failure
            spread = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** (attempt - 1))
            self._sleep((wait or 0) + spread * self._random())
        raise AssertionError("the last attempt returns or raises")

    def _attempt(
        self, request: urllib.request.Request
    ) -> Tuple[int, Any, Optional[float], Optional[str]]:
        """Status, answer, Retry-After in seconds, request id; status 0 without a whole answer."""
        deadline = time.monotonic() + self._timeout
        try:
            try:
                response = self._opener.open(request, timeout=self._timeout)
            except urllib.error.HTTPError as refused:
                response = refused
            with response:
                body = _body(response, deadline)
                headers = response.headers
                answer = _answer(headers.get_content_type(), body)
                wait = retry_after(headers.get("Retry-After"), headers.get("Date"))
                return response.status, answer, wait, headers.get("X-Request-Id")
        except (OSError, http.client.HTTPException, UnicodeDecodeError, JSONDecodeError) as broken:
            detail = f"{type(broken).__name__}: {broken}"
            return 0, {"code": "no_answer", "detail": detail}, None, None

    def _bearer(self) -> str:
        token = self._token()
        return asyncio.run(_awaited(token)) if inspect.isawaitable(token) else token


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would turn a POST into a GET and show the token to another host."""

    def redirect_request(self, *_: Any) -> None:
        return None


async def _awaited(token: Awaitable[str]) -> str:
    return await token


def _address(base_url: Union[str, Callable[[str], str]]) -> Callable[[str], str]:
    if callable(base_url):
        return base_url
    if "{function}" in base_url:
        return lambda function: base_url.replace("{function}", function)
    return lambda function: base_url.rstrip("/") + "/" + function


def _body(response: Any, deadline: float) -> bytes:
    """Everything up to the announced length, within the deadline and MAX_ANSWER_BYTES."""
    parts = []
    size = 0
    while part := response.read1(_CHUNK_BYTES):
        parts.append(part)
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise ValueError(f"the answer has more than {MAX_ANSWER_BYTES} bytes")
        if time.monotonic() > deadline:
            raise TimeoutError("the answer is too slow")
    length = response.headers.get("Content-Length")
    if length is not None and size < int(length):
        raise ConnectionError(f"the answer ends after {size} of {length} bytes")
    return b"".join(parts)


def _answer(content_type: str, body: bytes) -> Any:
    text = body.decode()
    return json.loads(text) if content_type.endswith(("/json", "+json")) else text


def retry_after(header: Optional[str], date: Optional[str] = None) -> Optional[float]:
    """The seconds that a Retry-After header asks to wait; None if it is absent or unreadable.

    An HTTP date counts from the Date header of the same answer, so that a clock that is wrong here
    does no harm; without that header from now. A moment that has passed is 0 seconds.
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    moment = _moment(text)
    if moment is None:
        return None
    sent = _moment(date) if date else None
    return max(0.0, moment - (time.time() if sent is None else sent))


def _moment(text: str) -> Optional[float]:
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def usage_of(provider: str, response: Any, model: Optional[str] = None) -> Json:
    """The `usage` of a call, for debit-credits, settle-hold and quote-usage.

    response is what the provider's library or API answered: an object, a dict, or for ElevenLabs
    the headers. Its usage is sent as it is, and the server reads it, because providers count
    differently. model is the id in your catalogue; by default the one that the response names,
    which can be a dated version of what was asked for. Raises ValueError where the response has no
    usage, as that of a stream that was not asked for it, or names no model.
    """
    answer = _plain(response)
    if not any(answer.get(name) for name in ("usage", "usageMetadata", "usage_metadata")):
        answer = _plain(answer.get("response", answer))  # an event that ends a stream
    used = _plain(
        answer.get("usage")
        or answer.get("usageMetadata")
        or answer.get("usage_metadata")
        or {n.lower(): v for n, v in answer.items() if n.lower() in _CHARACTERS}
    )
    named = answer.get("model") or answer.get("modelVersion") or answer.get("model_version")
    if not used:
        raise ValueError("the response has no usage; a stream has to be asked for it")
    if not (model or named):
        raise ValueError("the response names no model; give it")
    usage = {"provider": provider, "model_id": model or named, "provider_usage": used}
    tier = answer.get("service_tier") or _plain(answer.get("serviceTier") or {}).get("type")
    return usage if tier in _USUAL_TIERS else {**usage, "service": tier}


def _plain(value: Any) -> dict:
    """A dict of a mapping, of an object of pydantic (as providers' libraries have), or another."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", exclude_none=True)
    return dict(value.items()) if hasattr(value, "items") else dict(getattr(value, "__dict__", {}))
