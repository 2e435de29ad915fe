"""What one request and one client may ask for, and the answer that they get beyond that."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from vaner.text.documents import Document

_PERIOD = 60.0  # seconds that a rate is counted over
_CLIENTS = 10_000  # remembered before those that may ask freely are forgotten


class Refused(Exception):
    """A request that is not answered.

    Args:
        status: the HTTP status that says so.
        line: one line that says why, and what to do.
        headers: for the answer.
    """

    def __init__(self, status: int, line: str, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.line, self.headers = status, line, dict(headers or {})
        super().__init__(line)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server takes. What is not to be annotated, but only written, may be larger.

    Args:
        body: bytes of a request, unpacked.
        documents: documents of a request.
        characters: characters of the documents of a request, all together.
        rate: requests a minute of one client; 0 for any number.
        waiting: requests that are taken at once, of all clients.
        timeout: seconds from the first byte of a request to its answer.
    """

    body: int = 8_000_000
    documents: int = 1_000
    characters: int = 1_000_000
    rate: int = 0
    waiting: int = 128
    timeout: float = 120.0

    def held(self, documents: Iterable[Document]) -> Iterator[Document]:
        """The documents, as long as a request may have so many of them.

        Raises:
            Refused: with status 413, before more of them are read.
        """
        characters = 0
        for number, document in enumerate(documents, 1):
            characters += len(document.text)
            if number > self.documents:
                raise Refused(413, f"a request may have {self.documents:,} documents; send fewer")
            if characters > self.characters:
                raise Refused(413, f"a request may have {self.characters:,} characters; send fewer")
            yield document


@dataclass(slots=True)
class Rate:
    """How often each client may ask: as many requests as a minute has, at once or one by one.

    Kept for a client is one time, by which all that it asked for would have been asked for at a
    steady pace (the generic cell rate algorithm of ATM networks).

    Args:
        limit: requests a minute; 0 for any number.
        clock: seconds.

    >>> rate = Rate(2, clock=lambda: 0.0)
    >>> [rate.seconds_to_wait("a"), rate.seconds_to_wait("a"), rate.seconds_to_wait("a")]
    [0.0, 0.0, 30.0]
    """

    limit: int
    clock: Callable[[], float] = time.monotonic
    _paid: dict[str, float] = field(default_factory=dict)

    def seconds_to_wait(self, client: str) -> float:
        """Until the client may ask; 0 where it may now, which is then counted."""
        if not self.limit:
            return 0.0
        now = self.clock()
        paid = max(self._paid.get(client, now), now) + _PERIOD / self.limit
        early = paid - now - _PERIOD
        if early > 1e-9:
            return early
        if len(self._paid) >= _CLIENTS:
            self._paid = {name: time for name, time in self._paid.items() if time > now}
        self._paid[client] = paid
        return 0.0
