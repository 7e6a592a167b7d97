"""How often one session may ask: a bucket of requests that fills at a steady rate. No address of anybody is kept."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

MOST = 20_000
"""Buckets that are kept; those asked for longest ago go first."""


class Limits:
    """Buckets by key, each of ``burst`` requests that fills by ``rate`` a second.

    >>> limits = Limits(burst=2, rate=1, clock=lambda: 0.0)
    >>> [limits.allows("a"), limits.allows("a"), limits.allows("a"), limits.allows("b")]
    [True, True, False, True]
    """

    def __init__(self, burst: float, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.burst, self.rate, self.clock = burst, rate, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, key: str) -> bool:
        """Whether one more request may come now, which it then has."""
        now = self.clock()
        left, before = self._buckets.pop(key, (self.burst, now))
        left = min(self.burst, left + (now - before) * self.rate)
        self._buckets[key] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > MOST:
            self._buckets.popitem(last=False)
        return left >= 1
