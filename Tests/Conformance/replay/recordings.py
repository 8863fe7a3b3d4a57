# SPDX-License-Identifier: Apache-2.0
"""Where the recordings are and how they are read.

recordings/KIND/GROUP.jsonl.gz holds the cases of a group, a JSON object a line, sorted by name.
recordings/contents.txt has a line for each of these files: its name, the number of its lines and a digest of them.
What is not as that says is a failure: a case that is missing would else pass for one that nobody recorded.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .failure import Failure

KINDS = ("api", "lifecycle", "workloads")
PROTOBUF = "protobuf"
SUFFIX = ".jsonl.gz"
CONTENTS = "contents.txt"
DIGEST_LENGTH = 16

# A case as it was recorded. api/play.py, lifecycle/play.py and workloads/play.py say what they read of one.
Case = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """What contents.txt says of a file."""

    file: str
    lines: int
    digest: str

    @classmethod
    def of(cls, file: str, text: bytes) -> Entry:
        return cls(file, text.count(b"\n"), hashlib.sha256(text).hexdigest()[:DIGEST_LENGTH])

    def __str__(self) -> str:
        return f"{self.file} {self.lines} {self.digest}"


def name_of(case: Case) -> str:
    """GROUP/NAME, by which a case is known everywhere."""
    return f"{case['group']}/{case['name']}"


def unknown(what: str, parts: list[dict[str, Any]], known: frozenset[str]) -> list[str]:
    """What to say of fields that nobody looks at: a case with such a field asks for more than is compared."""
    fields = sorted({field for part in parts for field in part} - known)
    return [f"the runner does not know what a {what} means by: {', '.join(fields)}"] if fields else []


class Recordings:
    """The recordings in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def entries(self) -> dict[str, Entry]:
        """contents.txt by file; nothing where there are no recordings yet."""
        path = self.folder / CONTENTS
        if not path.exists():
            return {}
        found = {}
        for line in path.read_text().splitlines():
            file, lines, digest = line.split()
            found[file] = Entry(file, int(lines), digest)
        return found

    def cases(self, kind: str) -> list[Case]:
        """All cases of a kind, in the order of their files and names."""
        files = sorted(file for file in self.entries() if file.startswith(f"{kind}/"))
        if not files:
            raise Failure(f"{kind}: {self.folder} has no recordings; `scripts/conformance --refresh` brings them")
        return [json.loads(line) for file in files for line in self.lines(file)]

    def protobuf_messages(self) -> list[dict[str, Any]]:
        """The messages of api/protobuf.py: {"name": ..., "fields": {...}} each."""
        file = f"{PROTOBUF}{SUFFIX}"
        if file not in self.entries():
            raise Failure(f"{self.folder / file} is missing")
        return [json.loads(line) for line in self.lines(file)]

    def lines(self, file: str) -> list[bytes]:
        """The lines of a file, which must be those that contents.txt tells of."""
        text = self.text(file)
        told, found = self.entries()[file], Entry.of(file, text)
        if told != found:
            raise Failure(f"{self.folder / file}: {CONTENTS} tells of `{told}`, the file is `{found}`")
        return text.splitlines()

    def text(self, file: str) -> bytes:
        """What a file holds, whatever contents.txt says."""
        try:
            return gzip.decompress((self.folder / file).read_bytes())
        except (OSError, EOFError, zlib.error) as error:
            raise Failure(f"{self.folder / file}: {error}") from error
