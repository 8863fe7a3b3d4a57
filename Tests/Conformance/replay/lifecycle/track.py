# SPDX-License-Identifier: Apache-2.0
"""Compares what was seen of one pod or node with what was recorded of it.

Every required version must come, in order, with equal content and in time; nothing else may stay. The times inside a
version must be equal to each other where they were, and as far behind the beginning, or behind something that may come
earlier or later, as they were.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..values import differences
from .jitter import Freedom
from .snapshots import PAST_SECOND, Snapshot

# Seconds for everything without jitter, and how long a version may stay that nobody recorded.
TOLERANCE = 1.5
SURPLUS_SECONDS = 1.5
# How far times inside a version may be from those of the version itself.
SPREAD = 1.0
# An alignment prefers required versions, then others, then what came in time.
REQUIRED_WEIGHT, OTHER_WEIGHT = 1000.0, 30.0
LATE_LIMIT, LATE_SHARE = 400.0, 500.0
# Times in a recording this far apart have an order.
ORDERED_SECONDS = 4
SHOWN_SURPLUS = 3
# More differences than this make no version nearer to another.
NEARNESS = 40


@dataclass(frozen=True)
class Anchor:
    """What later times are compared relative to: it came `delay` seconds later than recorded."""

    delay: float
    time: float
    second_time: float | None

    def drift(self, version: Snapshot) -> float:
        """How much later a version came after this in the second run than in the first."""
        if version.second_time is None or self.second_time is None:
            return 0.0
        return (version.second_time - self.second_time) - (version.time - self.time)

    def miss(self, version: Snapshot, delay: float, freedom: Freedom) -> float:
        """By how much a version that came `delay` late is out of time; 0 when it is not."""
        own, drift = delay - self.delay, self.drift(version)
        early = min(0.0, drift) + freedom.earlier - TOLERANCE - own
        late = own - max(0.0, drift) - freedom.later - TOLERANCE
        return max(early, late, 0.0)

    def span(self, version: Snapshot) -> tuple[float, float]:
        """How much later than recorded the times in a version may be."""
        drift = self.drift(version)
        return self.delay - TOLERANCE + min(0.0, drift), self.delay + TOLERANCE + max(0.0, drift)


@dataclass
class Track:
    """The versions of one pod or node; `freedoms` belong to `recorded`, `loose` and `end` to the scenario."""

    recorded: list[Snapshot]
    seen: list[Snapshot]
    freedoms: list[Freedom]
    loose: list[str]
    end: float
    matches: dict[int, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    missing: set[int] = field(default_factory=set)

    def compare(self) -> None:
        """Fills in what matches what, and what is wrong."""
        required = [self.is_required(index) for index in range(len(self.recorded))]
        self.matches = align(self.recorded, self.seen, required)
        self._compare_times()
        self._find_surplus()

    def is_required(self, index: int) -> bool:
        """What came before the beginning is not."""
        return self.recorded[index].required and self.recorded[index].time >= -0.05

    @property
    def first_free(self) -> float | None:
        """When the first thing happened whose time is free."""
        return next((version.time for version, freedom in zip(self.recorded, self.freedoms) if freedom.shifts), None)

    # MARK: Times

    def _compare_times(self) -> None:
        anchors = [Anchor(0.0, 0.0, 0.0)]
        pending = Freedom()
        free: set[str] = set()
        last: Snapshot | None = None
        for index, version in enumerate(self.recorded):
            freedom = self.freedoms[index]
            pending.earlier += freedom.earlier
            pending.later += freedom.later
            pending.shifts = pending.shifts or freedom.shifts
            if index not in self.matches:
                if self.is_required(index):
                    self.missing.add(index)
                    self.problems += self._not_seen(index)
                continue
            seen = self.seen[self.matches[index]]
            delay = seen.time - version.time
            in_time = min(anchor.miss(version, delay, pending) for anchor in anchors) == 0
            if pending.shifts or not in_time:
                anchors.append(Anchor(delay, version.time, version.second_time))
            problem = None if in_time or "times" in self.loose else late(version, seen)
            if in_time:
                free |= moved_unseen(version, last)
                if len(freedom.restarted) > 1:
                    free |= {path for path, _ in version.stamps}
                free = {path for path in free if ".conditions[" in path}
                spans = [*(anchor.span(version) for anchor in anchors), (delay - SPREAD, delay + SPREAD)]
                problem = None if "stamps" in self.loose else stamps_differ(version, seen, spans, free)
            if self.is_required(index):
                if problem:
                    self.problems.append(f"version {index} of {version.subject}: {problem}: {version.brief()}")
                last = version
            pending = Freedom()

    def _not_seen(self, index: int) -> list[str]:
        """What to say of a version that is missing."""
        version = self.recorded[index]
        lines = [f"version {index} at t={version.time:.1f} of {version.subject} not seen: {version.brief()}"]
        used = set(self.matches.values())
        first = max((self.matches[other] for other in self.matches if other < index), default=-1)
        last = min((self.matches[other] for other in self.matches if other > index), default=len(self.seen))
        unused = [place for place in range(len(self.seen)) if place not in used]
        near = nearest(version, [self.seen[place] for place in unused if first < place < last])
        near = near or nearest(version, [self.seen[place] for place in unused]) or nearest(version, self.seen)
        if near is None:
            return [*lines, "  nothing was seen"]
        lines.append(f"  nearest seen, t={near.time:.1f}: {near.brief()}")
        if near.key == version.key:
            return [*lines, "  the same was seen, but not at this place"]
        return lines + explained(version, near)

    # MARK: Surplus

    def _find_surplus(self) -> None:
        """What was seen, stayed for long, and is explained by nothing in the recording."""
        if "extra" in self.loose:
            return
        surplus = [place for place in range(len(self.seen)) if self._is_surplus(place)]
        for place in surplus[:SHOWN_SURPLUS]:
            seen = self.seen[place]
            stay = "the rest" if seen.lasts is None else f"{seen.lasts:.1f} s"
            self.problems.append(f"not recorded, seen at t={seen.time:.1f} for {stay}: {seen.brief()}")
            near = nearest(seen, self.recorded)
            if near is not None:
                self.problems += [f"  nearest recorded, t={near.time:.1f}:", *explained(near, seen)]

    def _is_surplus(self, place: int) -> bool:
        seen = self.seen[place]
        if place in self.matches.values() or (seen.lasts is not None and seen.lasts <= SURPLUS_SECONDS):
            return False
        if self._is_beyond_the_end(seen):
            return False
        before = max((index for index, other in self.matches.items() if other < place), default=-1)
        behind = min((index for index, other in self.matches.items() if other > place), default=len(self.recorded))
        around = range(max(before, 0), min(behind + 1, len(self.recorded)))
        if any(self.recorded[index].entry.get("flaky") for index in around):
            return False
        # It is what came instead of one that is missing.
        return not any(index in self.missing for index in range(before + 1, behind))

    def _is_beyond_the_end(self, seen: Snapshot) -> bool:
        """Whether the recording may only have ended too early to show it."""
        end = self.end - 1.0
        last = self.seen[max(self.matches.values())].time if self.matches else -1.0
        jittered = self.first_free is not None
        return seen.time > end or (seen.time > last and (jittered or (seen.lasts is None and seen.time > end - 2)))


def align(recorded: list[Snapshot], seen: list[Snapshot], required: list[bool]) -> dict[int, int]:
    """The best matching by content that keeps the order, as {index recorded: index seen}."""
    places: dict[str, set[int]] = {}
    for place, version in enumerate(seen):
        places.setdefault(version.key, set()).add(place)

    def worth(index: int, place: int) -> float:
        late = min(abs(recorded[index].time - seen[place].time), LATE_LIMIT) / LATE_SHARE
        return (REQUIRED_WEIGHT if required[index] else OTHER_WEIGHT) - late

    best = [[0.0] * (len(seen) + 1) for _ in range(len(recorded) + 1)]
    for index in range(len(recorded) - 1, -1, -1):
        row, below = best[index], best[index + 1]
        same = places.get(recorded[index].key, frozenset())
        for place in range(len(seen) - 1, -1, -1):
            row[place] = max(below[place], row[place + 1])
            if place in same:
                row[place] = max(row[place], below[place + 1] + worth(index, place))
    found = {}
    index = place = 0
    while index < len(recorded) and place < len(seen):
        value = best[index][place]
        if recorded[index].key == seen[place].key and value == best[index + 1][place + 1] + worth(index, place):
            found[index] = place
            index, place = index + 1, place + 1
        elif value == best[index + 1][place]:
            index += 1
        else:
            place += 1
    return found


def nearest(version: Snapshot, others: list[Snapshot]) -> Snapshot | None:
    """The version that differs least."""

    def distance(other: Snapshot) -> tuple[int, float]:
        return len(differences(version.content, other.content, NEARNESS)), abs(other.time - version.time)

    return min(others, key=distance, default=None)


def explained(want: Snapshot, got: Snapshot) -> list[str]:
    return [f"  {difference}" for difference in differences(want.content, got.content)]


def late(version: Snapshot, seen: Snapshot) -> str:
    second = "" if version.second_time is None else f" ({version.second_time:.1f} in a second run)"
    return f"t={version.time:.1f}{second} expected, t={seen.time:.1f} seen"


def moved_unseen(version: Snapshot, before: Snapshot | None) -> set[str]:
    """The paths of times of conditions that moved only through states too short to be required."""
    if before is None:
        return set()
    old = {condition["type"]: condition for condition in before.entry.get("status", {}).get("conditions", [])}
    found = set()
    for index, condition in enumerate(version.entry.get("status", {}).get("conditions", [])):
        was = old.get(condition["type"])
        if was is None or was["status"] != condition["status"]:
            continue
        if was.get("lastTransitionTime") != condition.get("lastTransitionTime"):
            found.add(f".status.conditions[{index}].lastTransitionTime")
    return found


def writer(path: str) -> str:
    """Who takes a time: times of one writer are equal, or one second apart."""
    if ".conditions[" in path:
        return "condition"
    return "container" if "Statuses[" in path else "pod"


def stamps_differ(
    version: Snapshot, seen: Snapshot, spans: list[tuple[float, float]], free: set[str]
) -> str | None:
    """What is wrong with the times inside a version, of which those at `free` paths are not compared."""
    if len(version.stamps) != len(seen.stamps):
        return "it has another number of times"
    pairs = [(path, want, got) for (path, want), (_, got) in zip(version.stamps, seen.stamps)]
    for path, want, got in pairs:
        if (want < -1) != (got < -1):
            both_old = min(want, got) <= PAST_SECOND // 10 and max(want, got) < 0
            return None if both_old else f"{path}: T{want:+d} expected, T{got:+d} seen"
    groups: dict[int, list[tuple[int, str]]] = {}
    for path, want, got in pairs:
        if want >= -1 and path not in free:
            groups.setdefault(want, []).append((got, path))
    problem = unequal(groups) or disordered(groups)
    if problem:
        return problem
    for path, want, got in pairs:
        if want < -1 or path in free:
            continue
        if not any(first - SPREAD <= got - want <= last + SPREAD for first, last in spans):
            return f"{path}: T{want:+d} expected, T{got:+d} seen"
    return None


def unequal(groups: dict[int, list[tuple[int, str]]]) -> str | None:
    """Times that were equal must be so, but for a second, or for two where the kubelet saw something a while later."""
    for want, times in sorted(groups.items()):
        first, last = min(times, key=lambda time: time[0]), max(times, key=lambda time: time[0])
        allowed = 1 if len({writer(path) for _, path in times}) == 1 else 2
        if last[0] - first[0] > allowed:
            both = f"{first[1]} and {last[1]} both have T{want:+d} in the recording"
            return f"{both}, T{first[0]:+d} and T{last[0]:+d} here"
    return None


def disordered(groups: dict[int, list[tuple[int, str]]]) -> str | None:
    """Times that were far apart must come in the same order."""
    ordered = sorted(groups.items())
    for (earlier, first), (later, second) in zip(ordered, ordered[1:]):
        if later - earlier < ORDERED_SECONDS or ".deletionTimestamp" in (first[0][1][-18:], second[0][1][-18:]):
            continue
        if min(time for time, _ in second) <= max(time for time, _ in first) - 1:
            return f"{second[0][1]} (T{later:+d}) comes after {first[0][1]} (T{earlier:+d}) in the recording, not here"
    return None
