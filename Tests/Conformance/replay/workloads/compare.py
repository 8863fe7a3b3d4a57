# SPDX-License-Identifier: Apache-2.0
"""Compares a scenario as it was seen with its recording: answers, states, events, versions, order and times.

Of a recorded step {requests, answers, state, extremes}; of a scenario `events` {object, type, reason, message, source,
count, step, optional}, `versions` of workloads that every run showed for long, and `marks` [step, what, seconds...],
the times in each run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .agree import disagreements, distance, eased, short
from .kinds import ALWAYS
from .observe import EventKey, Seen, StepSeen, Told
from .views import Object

# Marks this far apart in every run have an order, which the least gap proves. Others must not be clearly reversed.
ORDERED_SECONDS, LEAST_GAP, NEAR_GAP, REVERSED_GAP = 1.5, 0.3, 0.02, -1.2
# How far a time may be from the range of the runs: kubelets are not judged, but retries are told from haste.
TOLERANCE_SECONDS, TOLERANCE_SHARE = 2.0, 0.35
# Warnings that come more often than this may come half or twice as often.
FEW_WARNINGS = 3
# A warning that was repeated more often than in the recording.
COMBINED = "(combined from similar events): "
SCALED = re.compile(
    r"(?:\(combined from similar events\): )?Scaled (up|down) replica set (\S+) from (\d+) to (\d+)"
)


def compare(scenario: Object, seen: Seen) -> list[str]:
    """What is different, as lines; none when the scenario passes."""
    found: list[str] = []
    for number, (want, got) in enumerate(zip(scenario["steps"], seen.steps)):
        title = f"step {number} ({want.get('title', '')})"
        found += [f"{title}: {line}" for line in step_problems(want, got, set(scenario["kinds"]))]
    found += event_problems(scenario["events"], seen.events)
    for name, versions in scenario["versions"].items():
        found += version_problems(name, versions, seen.versions.get(name, []))
    found += order_problems(scenario["marks"], seen.marks)
    found += time_problems(scenario["marks"], seen.marks)
    return found


def step_problems(want: Object, got: StepSeen, kinds: set[str]) -> Iterator[str]:
    """Answers, the state at the end, and the extremes. Kinds that were never recorded may be there."""
    for request, expected, answer in zip(want["requests"], want["answers"], got.answers):
        yield from disagreements(expected, answer, f"{request['method']} {request['path']}")
    for kind in sorted(want["state"].keys() | got.state.keys()):
        if kind in want["state"] or kind in ALWAYS or kind in kinds:
            yield from disagreements(eased(want["state"].get(kind, [])), eased(got.state.get(kind, [])), kind)
    for name, expected in want["extremes"].items():
        value = got.extremes.get(name, 0)
        agreed = len(expected) == 1
        worst = expected[0] if name == "minReady" else expected[-1]
        right = value == worst if agreed else value >= worst if name == "minReady" else value <= worst
        if not right:
            yield f"{name}: {value}, expected {'…'.join(map(str, expected))}"


# MARK: Events


def key_of(recorded: Object) -> EventKey:
    kind, _, name = recorded["object"].partition("/")
    return EventKey(kind, name, recorded["type"], recorded["reason"], recorded["message"], recorded["source"])


def event_problems(recorded: list[Object], seen: dict[EventKey, Told]) -> Iterator[str]:
    """Every event that all runs had, and none that no run had."""
    known = {key_of(event): event for event in recorded}
    for key, event in known.items():
        if event.get("optional"):
            continue
        told = seen.get(key)
        if told is None:
            yield f"no event {key}"
            continue
        first, last = allowed_counts(event)
        if not first <= told.count <= last:
            yield f"event {key}: count {told.count}, expected {event['count']}"
        if told.step != event.get("step", told.step):
            yield f"event {key}: first in step {told.step}, expected {event['step']}"
    for key in seen.keys() - known.keys():
        uncombined = key._replace(message=key.message.replace(COMBINED, ""))
        repeated = key.type == "Warning" and COMBINED in key.message and uncombined in known
        if not repeated and not is_other_scaling(recorded, key.message):
            yield f"event that was not recorded: {key}"


def allowed_counts(event: Object) -> tuple[int, int]:
    count = event["count"]
    first, last = count if isinstance(count, list) else (count, count)
    if first != last or (event["type"] == "Warning" and first > FEW_WARNINGS):
        return (first + 1) // 2, last * 2
    return first, last


def is_other_scaling(recorded: list[Object], message: str) -> bool:
    """Whether an event tells of scaling in other steps than recorded, where the runs differ in them."""
    match = SCALED.fullmatch(message)
    if match is None:
        return False
    numbers: list[int] = []
    differ = False
    for event in recorded:
        other = SCALED.fullmatch(event["message"])
        if other and other.group(1, 2) == match.group(1, 2):
            numbers += map(int, other.group(3, 4))
            differ = differ or bool(event.get("optional"))
    own = sorted(map(int, match.group(3, 4)))
    return differ and min(numbers) <= own[0] and own[1] <= max(numbers)


# MARK: Versions


def version_problems(name: str, recorded: list[Any], seen: list[Any]) -> Iterator[str]:
    """The recorded versions in this order, with anything between them."""
    versions = list(map(eased, seen))
    place = 0
    for number, want in enumerate(map(eased, recorded)):
        if want in versions[place:]:
            place = versions.index(want, place) + 1
            continue
        yield f"version {number + 1} of {name} not seen"
        near = [version for version in versions[place:] or versions if type(version) is type(want)]
        if near:
            best = min(near, key=lambda version: distance(want, version))
            yield from disagreements(want, best, "  nearest")
        else:
            yield f"  {short(want)}"


# MARK: Times


def relations(marks: list[Any]) -> Iterator[tuple[int, str, str, float]]:
    """(step, first, second, gap): the second mark must come at least `gap` seconds after the first."""
    for step, first, *times in marks:
        for other, second, *later in marks:
            if other != step or first.split(" #")[0] == second.split(" #")[0]:
                continue
            gap = min(end - begin for begin, end in zip(times, later))
            if gap >= ORDERED_SECONDS:
                yield step, first, second, LEAST_GAP
            elif gap > NEAR_GAP and "<rand>" not in first + second:
                yield step, first, second, REVERSED_GAP


def order_problems(marks: list[Any], seen: dict[tuple[int, str], float]) -> Iterator[str]:
    for step, first, second, gap in relations(marks):
        begin, end = seen.get((step, first)), seen.get((step, second))
        if begin is None or end is None:
            yield f"step {step}: {first} before {second}: {first if begin is None else second} never came"
        elif end - begin < gap:
            yield f"step {step}: {first} before {second}: at {begin:.2f} and {end:.2f} s"


def time_problems(marks: list[Any], seen: dict[tuple[int, str], float]) -> Iterator[str]:
    for step, what, *times in marks:
        time = seen.get((step, what))
        allowed = TOLERANCE_SECONDS + TOLERANCE_SHARE * max(times)
        if time is None or not min(times) - allowed <= time <= max(times) + allowed:
            came = "never" if time is None else f"{time:.2f}"
            yield f"step {step}: {what}: {came}, expected {'…'.join(f'{each:.1f}' for each in sorted(times))} s"
