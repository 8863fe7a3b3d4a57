# SPDX-License-Identifier: Apache-2.0
"""Whether a value is what several runs of the recorder agreed on.

Where they did not the recording says <any>, and anything is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..values import shown

ANY = "<any>"
# Which of these reasons a rollout under way shows depends on how reads and writes overlap.
PROGRESS = {
    "NewReplicaSetCreated": 'Created new replica set "{}"',
    "FoundNewReplicaSet": 'Found new replica set "{}"',
    "ReplicaSetUpdated": 'ReplicaSet "{}" is progressing.',
}
QUOTED = re.compile('"(.*)"')
WIDTH = 150


def disagreements(want: Any, got: Any, path: str = "") -> Iterator[str]:
    """Where `got` is not what `want` asks for. Lists of objects are paired, the most alike first."""
    if want == ANY:
        return
    if isinstance(want, dict) and isinstance(got, dict):
        for key in sorted(want.keys() | got.keys()):
            if key not in got:
                if want[key] != ANY:
                    yield f"{path}.{key}: missing, expected {short(want[key])}"
            elif key not in want:
                yield f"{path}.{key}: unexpected {short(got[key])}"
            else:
                yield from disagreements(want[key], got[key], f"{path}.{key}")
    elif isinstance(want, list) and isinstance(got, list):
        yield from _disagreements_of_lists(want, got, path)
    elif want != got or isinstance(want, bool) != isinstance(got, bool):
        yield f"{path}: {short(got)}, expected {short(want)}"


def _disagreements_of_lists(want: list[Any], got: list[Any], path: str) -> Iterator[str]:
    if len(want) != len(got):
        yield f"{path}: {len(got)} entries, expected {len(want)}"
        names = [[name_of(entry) or entry for entry in entries] for entries in (want, got)]
        if names[0] != names[1]:
            yield f"  expected {short(names[0])}, got {short(names[1])}"
    elif all(isinstance(entry, dict) for entry in want + got):
        for one, other in paired(want, got):
            yield from disagreements(one, other, f"{path}[{name_of(one)}]")
    else:
        for index, (one, other) in enumerate(zip(want, got)):
            yield from disagreements(one, other, f"{path}[{index}]")


def paired(want: list[Any], got: list[Any]) -> list[tuple[Any, Any]]:
    """The elements of two equally long lists in pairs: equal ones, then of the same name, then the most alike."""
    rest = list(got)
    pairs: list[tuple[Any, Any]] = []
    waiting: list[Any] = []
    for one in want:
        if one in rest:
            rest.remove(one)
            pairs.append((one, one))
        else:
            waiting.append(one)
    for one in waiting:
        best = min(rest, key=lambda other: (name_of(one) != name_of(other), distance(one, other)))
        rest.remove(best)
        pairs.append((one, best))
    return pairs


def distance(want: Any, got: Any) -> int:
    """In how many leaves two values differ."""
    if want == got or ANY in (want, got):
        return 0
    if isinstance(want, dict) and isinstance(got, dict):
        return sum(distance(want.get(key), got.get(key)) for key in want.keys() | got.keys())
    if isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        return sum(map(distance, want, got))
    return 1


def name_of(value: Any) -> Any:
    """The name of an object or of its metadata."""
    if not isinstance(value, dict):
        return None
    metadata = value.get("metadata", value)
    return metadata.get("name") if isinstance(metadata, dict) else None


def eased(value: Any) -> Any:
    """A value in which all reasons of a rollout under way are the same, if their messages fit to them."""
    if isinstance(value, list):
        return [eased(part) for part in value]
    if not isinstance(value, dict):
        return value
    found = {key: eased(part) for key, part in value.items()}
    progressing = found.get("Progressing")
    if isinstance(progressing, dict) and progressing.get("reason") in PROGRESS:
        message = str(progressing.get("message"))
        match = QUOTED.search(message)
        if match and message == PROGRESS[progressing["reason"]].format(match[1]):
            found["Progressing"] = {**progressing, "reason": "<under way>", "message": f"<under way> {match[1]}"}
    return found


def short(value: Any) -> str:
    return shown(value, WIDTH)
