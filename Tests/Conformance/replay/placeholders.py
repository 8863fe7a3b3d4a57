# SPDX-License-Identifier: Apache-2.0
"""Replaces names by placeholders in every text of a JSON value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# The alphabet that the API server makes names from.
RANDOM = "[bcdfghjklmnpqrstvwxz2456789]{5}"


class Replacement:
    """Replaces each of some words by its placeholder, where `before` and `behind` hold; longer words first."""

    def __init__(self, words: Mapping[str, str], before: str, behind: str) -> None:
        self.words = dict(words)
        self.pattern = re.compile(f"{before}({alternatives(words)}){behind}") if words else None

    def __call__(self, text: str) -> str:
        return self.pattern.sub(lambda match: self.words[match[1]], text) if self.pattern else text


def alternatives(words: Iterable[str]) -> str:
    """A pattern for one of the words, longer ones first."""
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


def mapped(value: Any, text: Callable[[str], str]) -> Any:
    """A copy of a JSON value with `text` applied to every text in it, keys included."""
    if isinstance(value, dict):
        return {text(key): mapped(part, text) for key, part in value.items()}
    if isinstance(value, list):
        return [mapped(part, text) for part in value]
    return text(value) if isinstance(value, str) else value
