# SPDX-License-Identifier: Apache-2.0
"""Holds what passed and failed against the lists of what passed before, and prints it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

# How many names, and lines of a case, are printed before the rest is only counted.
SHOWN_NAMES = 40
SHOWN_LINES = 7
LINE_WIDTH = 400


@dataclass
class Result:
    """Which cases of a kind passed, and what was different in the others, as lines."""

    passed: set[str] = field(default_factory=set)
    failed: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, lines: list[str]) -> None:
        """Adds a case; it passed if there is nothing to say of it. A case is added once."""
        if name in self.names:
            raise ValueError(f"{name} was played twice")
        if lines:
            self.failed[name] = lines
        else:
            self.passed.add(name)

    @property
    def names(self) -> set[str]:
        return self.passed | self.failed.keys()


@dataclass(frozen=True)
class Verdict:
    """A result beside a list. `recorded` are the names of all recordings, `chosen` those that were played."""

    listed: set[str]
    recorded: set[str]
    chosen: set[str]
    result: Result

    @property
    def fallen(self) -> list[str]:
        return sorted(self.listed & self.result.failed.keys())

    @property
    def risen(self) -> list[str]:
        return sorted(self.result.passed - self.listed)

    @property
    def gone(self) -> list[str]:
        """Listed, but recorded no longer: nobody would notice if these failed."""
        return sorted(self.listed - self.recorded)

    @property
    def not_played(self) -> list[str]:
        """Chosen, but without any result."""
        return sorted(self.chosen - self.result.names)

    def is_good(self, accept: bool) -> bool:
        return not self.fallen and not self.not_played and (accept or not self.gone)

    def accepted(self) -> set[str]:
        """The list with what passes now and without what is recorded no longer. What fails stays on it."""
        return (self.listed | self.result.passed) & self.recorded


class List:
    """A list of names that passed, a name a line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> set[str]:
        return set(self.path.read_text().split()) if self.path.exists() else set()

    def write(self, names: set[str]) -> None:
        self.path.write_text("".join(f"{name}\n" for name in sorted(names)))


def printed(kind: str, verdict: Verdict, accept: bool, verbose: int) -> list[str]:
    """What is printed of a verdict; `verbose` failures that are on no list are described, too."""
    result, listed = verdict.result, verdict.listed & verdict.chosen
    lines = [f"{kind}: {len(result.passed)} of {len(result.names)} pass, {len(listed)} are listed"]
    lines += groups(result)
    lines += named("recorded no longer" + (": removed" if accept else ""), verdict.gone)
    lines += named("without any result", verdict.not_played)
    lines += named("passes now and is not listed" + (": added" if accept else ""), verdict.risen)
    for name in verdict.fallen:
        lines += described("FELL", name, result.failed[name])
    for name in sorted(result.failed.keys() - verdict.listed)[:verbose]:
        lines += described("fails", name, result.failed[name])
    return lines


def groups(result: Result) -> list[str]:
    """How many of each group pass."""
    passed, total = Counter(map(group, result.passed)), Counter(map(group, result.names))
    return [
        f"  {name:<12} {passed[name]:>4}/{total[name]:<4} {100 * passed[name] / total[name]:5.1f} %"
        for name in sorted(total)
    ]


def group(name: str) -> str:
    return name.split("/")[0]


def named(title: str, names: list[str]) -> list[str]:
    if not names:
        return []
    lines = [f"  {title}: {len(names)}", *(f"    {name}" for name in names[:SHOWN_NAMES])]
    return lines + ([f"    and {len(names) - SHOWN_NAMES} more"] if len(names) > SHOWN_NAMES else [])


def described(title: str, name: str, lines: list[str]) -> list[str]:
    shown = [f"  {title} {name}", *(f"    {line[:LINE_WIDTH]}" for line in lines[:SHOWN_LINES])]
    return shown + ([f"    and {len(lines) - SHOWN_LINES} more"] if len(lines) > SHOWN_LINES else [])
