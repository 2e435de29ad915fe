"""The limits of a request and of a client, and the error of requests that exceed them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from vaner.text.documents import Document
from vaner.text.words import count_words

_PERIOD = 60.0  # seconds in which a client may send as many requests as its rate allows
_CLIENTS = 10_000  # clients to remember before those that have not used up their rate are dropped


class RejectedRequest(Exception):
    """An error that is answered with a status and a message.

    Args:
        status: HTTP status of the response.
        message: one line: what is wrong, and what to do.
        headers: additional headers of the response.
        parameter: the parameter that would prevent the error; None if there is none.
    """

    def __init__(
        self,
        status: int,
        message: str,
        headers: Mapping[str, str] | None = None,
        parameter: str | None = None,
    ) -> None:
        self.status, self.message, self.headers = status, message, dict(headers or {})
        self.parameter = parameter
        super().__init__(message)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to copy the error to another process."""
        return type(self), (self.status, self.message, self.headers, self.parameter)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the server. Requests that only convert documents may be four times as large.

    Args:
        body: bytes of a request body, uncompressed.
        documents: documents per request.
        characters: characters per request, in all of its documents together.
        words: words per request, as the model counts them; 0 for no limit.
        rate: requests per minute and client; 0 for no limit.
        waiting: requests that may wait or be in progress at once, of all clients together.
        timeout: seconds from the end of a request to its response.
        receive_timeout: seconds in which a client must send the headers, and then the body.
    """

    body: int = 8_000_000
    documents: int = 1_000
    characters: int = 1_000_000
    words: int = 100_000
    rate: int = 0
    waiting: int = 128
    timeout: float = 120.0
    receive_timeout: float = 30.0

    def check_documents(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield the documents of a request as long as they are within the limits.

        Raises:
            RejectedRequest: with status 413, before documents beyond the limit are read.
        """
        characters = words = 0
        for number, document in enumerate(documents, 1):
            characters += len(document.text)
            if number > self.documents:
                raise RejectedRequest(
                    413, f"a request may have {self.documents:,} documents; send fewer"
                )
            if characters > self.characters:
                raise RejectedRequest(
                    413, f"a request may have {self.characters:,} characters; send fewer"
                )
            if self.words:
                words += count_words(document.text, self.words - words)
                if words > self.words:
                    raise RejectedRequest(
                        413, f"a request may have {self.words:,} words; send fewer"
                    )
            yield document


@dataclass(slots=True)
class RateLimiter:
    """Limits the requests per minute of each client.

    A client may send all requests of a minute at once or one after another. This is the generic
    cell rate algorithm (ITU-T I.371). It stores a single time for each client: the time at which
    the client would have sent its latest request if it had sent all of them at a steady pace.

    Args:
        limit: requests per minute; 0 for no limit.
        clock: returns the time in seconds.

    >>> limiter = RateLimiter(2, clock=lambda: 0.0)
    >>> [limiter.seconds_to_wait("a") for _ in range(3)]
    [0.0, 0.0, 30.0]
    """

    limit: int
    clock: Callable[[], float] = time.monotonic
    _steady_times: dict[str, float] = field(default_factory=dict)

    def seconds_to_wait(self, client: str) -> float:
        """Return how long the client must wait; if the result is 0, count a request."""
        if not self.limit:
            return 0.0
        now = self.clock()
        steady_time = max(self._steady_times.get(client, now), now) + _PERIOD / self.limit
        early = steady_time - now - _PERIOD
        if early > 1e-9:
            return early
        if len(self._steady_times) >= _CLIENTS:
            self._steady_times = {c: time for c, time in self._steady_times.items() if time > now}
        self._steady_times[client] = steady_time
        return 0.0
