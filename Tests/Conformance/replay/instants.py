# SPDX-License-Identifier: Apache-2.0
"""Points in time as the API writes them, in microseconds since 1970."""

from __future__ import annotations

import calendar
import time

SECOND = 1_000_000


def microseconds(text: str, up: bool = False) -> int:
    """RFC 3339 with Z; what is finer is cut off, or rounded up."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    nanoseconds = int((fraction + "0" * 9)[:9])
    seconds = calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S"))
    return seconds * SECOND + nanoseconds // 1000 + (1 if up and nanoseconds % 1000 else 0)


def rfc3339(instant: int) -> str:
    """The inverse of `microseconds`."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(instant // SECOND)) + f".{instant % SECOND:06d}Z"
