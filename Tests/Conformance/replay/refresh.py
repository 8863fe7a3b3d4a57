# SPDX-License-Identifier: Apache-2.0
"""Brings recordings in from a folder of whoever recorded them, and says what changed.

That folder holds api/cases/*.jsonl.gz, workloads/cases/*.json.gz, lifecycle/*.json.gz and schema/protobuf-fields.json.
The normal form leaves out what only describes, and is the same for the same recordings: cases sorted by name, one a
line, JSON without spaces, gzip without name and time. The keys of an object keep their order, which a server sees. The
stream is compressed in blocks, so that Git stores a file in which a few cases changed as a small difference to the one
before.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .api.answers import describes_schemas
from .failure import Failure
from .recordings import CONTENTS, PROTOBUF, SUFFIX, Case, Entry, Recordings, name_of
from .values import without_prose

BLOCK = 1 << 15
# What only documents a case: texts, how often it was recorded, bytes that are there to be looked at.
SCENARIO_NOTES = ("description", "hashes", "runs", "tags")
STEP_NOTES = ("raw", "plannedWait")
API_NOTES = ("tags", "drop")
# How many names of changed cases are printed for a file.
SHOWN_NAMES = 10


def refresh(recordings: Recordings, source: Path) -> list[str]:
    """Makes the recordings those of `source`; returns a line for each file that changed."""
    texts = {file: encoded(cases) for file, cases in normalised(source)}
    report = []
    for file in sorted(set(texts) | set(recordings.entries())):
        before = recordings.text(file) if (recordings.folder / file).exists() else b""
        if texts.get(file) == before:
            continue
        path = recordings.folder / file
        if file in texts:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(compressed(texts[file]))
        else:
            path.unlink()
        report += changes(file, before, texts.get(file, b""))
    lines = [str(Entry.of(file, text)) for file, text in sorted(texts.items())]
    (recordings.folder / CONTENTS).write_text("".join(f"{line}\n" for line in lines))
    return report


def normalised(source: Path) -> Iterator[tuple[str, list[Case]]]:
    """The files of the recordings with their cases in normal form."""
    parts: list[tuple[str, str, Callable[[Path], list[Case]]]] = [
        ("api", "api/cases/*.jsonl.gz", api_cases),
        ("lifecycle", "lifecycle/*.json.gz", scenarios),
        ("workloads", "workloads/cases/*.json.gz", scenarios),
    ]
    for kind, pattern, read in parts:
        groups: dict[str, list[Case]] = {}
        for path in sorted(source.glob(pattern)):
            for case in read(path):
                groups.setdefault(case["group"], []).append(case)
        if not groups:
            raise Failure(f"{source}: no {pattern}")
        for group, cases in groups.items():
            if len({name_of(case) for case in cases}) < len(cases):
                raise Failure(f"{source}: two cases of {kind}/{group} have the same name")
            yield f"{kind}/{group}{SUFFIX}", cases
    yield f"{PROTOBUF}{SUFFIX}", protobuf_messages(source / "schema" / "protobuf-fields.json")


def api_cases(path: Path) -> list[Case]:
    """A file with a case a line."""
    lines = gzip.decompress(path.read_bytes()).splitlines()
    return [without_documentation(without_notes(json.loads(line), API_NOTES)) for line in lines if line.strip()]


def without_documentation(case: Case) -> Case:
    """A case whose OpenAPI documents say nothing in words, which are not ours to keep."""
    steps = case.get("steps", [])
    for step in steps:
        if describes_schemas(step) and "body" in step.get("response", {}):
            step["response"]["body"] = without_prose(step["response"]["body"])
    return case


def scenarios(path: Path) -> list[Case]:
    """A file {"scenarios": [...]}."""
    document = json.loads(gzip.decompress(path.read_bytes()))
    return [without_notes(case, SCENARIO_NOTES) for case in document["scenarios"]]


def without_notes(case: Case, notes: tuple[str, ...]) -> Case:
    """A case and its steps without what only documents them."""
    kept = {key: value for key, value in case.items() if key not in notes}
    if "steps" in kept:
        kept["steps"] = [{k: v for k, v in step.items() if k not in STEP_NOTES} for step in kept["steps"]]
    return kept


def protobuf_messages(path: Path) -> list[Case]:
    """Fields as {NAME: [NUMBER, TYPE, FLAG]}; FLAG is `repeated`, `always` (written even when zero), or nothing."""
    messages = []
    for name, fields in json.loads(path.read_text()).items():
        compact: dict[str, list[Any]] = {}
        for field, facts in fields.items():
            flag = "repeated" if facts.get("rep") else "always" if facts.get("z") else ""
            compact[field] = [facts["n"], facts.get("map") or facts["t"], flag]
        messages.append({"name": name, "fields": compact})
    return messages


def encoded(cases: list[Case]) -> bytes:
    """The lines of a file. Lone surrogates, which stand for raw bytes, are written as escapes."""
    lines = [json.dumps(case, separators=(",", ":")) for case in sorted(cases, key=lambda case: str(case["name"]))]
    return "".join(f"{line}\n" for line in lines).encode()


def compressed(text: bytes) -> bytes:
    """As gzip, in blocks of whole lines that do not depend on each other."""
    packer, packed, size = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS), b"", 0
    for line in text.splitlines(keepends=True):
        packed += packer.compress(line)
        size += len(line)
        if size >= BLOCK:
            packed += packer.flush(zlib.Z_FULL_FLUSH)
            size = 0
    return packed + packer.flush()


def changes(file: str, before: bytes, after: bytes) -> list[str]:
    """What is new in a file, gone from it or different."""
    old, new = by_name(before), by_name(after)
    parts = {
        "new": sorted(new.keys() - old.keys()),
        "gone": sorted(old.keys() - new.keys()),
        "changed": sorted(name for name in old.keys() & new.keys() if old[name] != new[name]),
    }
    lines = [f"{file}: " + (", ".join(f"{len(names)} {part}" for part, names in parts.items() if names) or "order")]
    for part, names in parts.items():
        # Of a file that is new or gone as a whole the names say nothing more.
        if old and new:
            lines += [f"  {part} {name}" for name in names[:SHOWN_NAMES]]
    return lines


def by_name(text: bytes) -> dict[str, bytes]:
    return {json.loads(line)["name"]: line for line in text.splitlines()}
