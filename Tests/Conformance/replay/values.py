# SPDX-License-Identifier: Apache-2.0
"""Paths into JSON values, and the differences between two of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final


class _Missing:
    """What stands where there is nothing; unlike None, no JSON value is equal to it."""

    def __repr__(self) -> str:
        return "(absent)"


MISSING: Final = _Missing()
# So many differences of a value are enough to understand it.
DIFFERENCES_OF_A_VALUE = 12


@dataclass(frozen=True)
class Difference:
    """Where a value differs, as `spec.containers[0].image`; MISSING where one side has nothing."""

    path: str
    want: Any
    got: Any

    def __str__(self) -> str:
        return f"{self.path or '(value)'}: want {shown(self.want)}, got {shown(self.got)}"


def shown(value: Any, width: int = 400) -> str:
    """A value on one line, cut off at `width`."""
    if value is MISSING:
        return repr(value)
    text = json.dumps(value, default=str)
    return text if len(text) <= width else f"{text[:width]}…"


def differences(want: Any, got: Any, limit: int = DIFFERENCES_OF_A_VALUE) -> list[Difference]:
    """Where two values differ. The order of keys is nothing, that of lists is, and 1 is neither true nor 1.0's text."""
    found: list[Difference] = []
    for difference in _differences(want, got, ""):
        found.append(difference)
        if len(found) == limit:
            break
    return found


def _differences(want: Any, got: Any, path: str) -> Iterator[Difference]:
    if isinstance(want, dict) and isinstance(got, dict):
        for key in sorted(want.keys() | got.keys()):
            at = f"{path}.{key}" if path else key
            yield from _differences(want.get(key, MISSING), got.get(key, MISSING), at)
    elif isinstance(want, list) and isinstance(got, list):
        for index in range(max(len(want), len(got))):
            yield from _differences(_element(want, index), _element(got, index), f"{path}[{index}]")
    elif isinstance(want, bool) != isinstance(got, bool) or want != got:
        yield Difference(path, want, got)


def _element(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else MISSING


def child(value: Any, part: str, default: Any = None) -> Any:
    """The part of a dict or, by its number, of a list; `default` where there is none."""
    if isinstance(value, dict):
        return value.get(part, default)
    if isinstance(value, list) and part.isdigit() and int(part) < len(value):
        return value[int(part)]
    return default


def at(value: Any, dotted: str) -> Any:
    """The part at a path such as `metadata.name` or `items.0.kind`; None where there is none."""
    for part in dotted.split("."):
        value = child(value, part)
    return value


def children(values: list[Any], part: str) -> list[Any]:
    """The parts of several values at once; `*` is every part."""
    found: list[Any] = []
    for value in values:
        if isinstance(value, dict):
            found += value.values() if part == "*" else [value[part]] if part in value else []
        elif isinstance(value, list):
            found += value if part == "*" else [value[int(part)]] if part.isdigit() and int(part) < len(value) else []
    return found


def drop(value: Any, dotted: str) -> None:
    """Removes what is at a path. An element of a list leaves a mark, so that the others keep their places."""
    *way, last = dotted.split(".")
    holders = [value]
    for part in way:
        holders = children(holders, part)
    for holder in holders:
        if isinstance(holder, dict):
            holder.pop(last, None)
        elif isinstance(holder, list) and last.isdigit() and int(last) < len(holder):
            holder[int(last)] = "<dropped>"


def copied(value: Any) -> Any:
    """A copy of a JSON value that can be changed."""
    return json.loads(json.dumps(value))


def without_prose(schema: Any) -> Any:
    """A schema without its descriptions, which are each server's own words. A property may bear that name."""
    if isinstance(schema, list):
        return [without_prose(element) for element in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: without_prose(value)
        for key, value in schema.items()
        if key != "description" or not isinstance(value, str)
    }
