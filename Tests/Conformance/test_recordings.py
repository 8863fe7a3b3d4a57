# SPDX-License-Identifier: Apache-2.0
"""Recordings are brought in the same way every time, and what is cut off or missing is noticed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from replay.failure import Failure
from replay.recordings import CONTENTS, Recordings, name_of, unknown
from replay.refresh import BLOCK, refresh, without_documentation
from replay.values import without_prose

OWN = Recordings(Path(__file__).parent / "recordings")


def exchange(name: str, **more: Any) -> dict[str, Any]:
    step = {"request": {}, "response": {}, "raw": "AA=="}
    return {"name": name, "group": "g", "tags": ["t"], "steps": [step], **more}


def scenario(name: str) -> dict[str, Any]:
    return {"name": name, "group": "g", "description": "in words", "hashes": {}, "runs": 2, "timeline": []}


def write_source(folder: Path, cases: list[dict[str, Any]]) -> Path:
    """A folder as the recorder leaves it."""
    for part in ("api/cases", "lifecycle", "workloads/cases", "schema"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    (folder / "api/cases/g.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    scenarios = json.dumps({"format": 1, "scenarios": [scenario("b"), scenario("a")]}).encode()
    (folder / "lifecycle/g.json.gz").write_bytes(gzip.compress(scenarios))
    (folder / "workloads/cases/g.json.gz").write_bytes(gzip.compress(scenarios))
    (folder / "lifecycle/replay.py").write_text("a script")
    (folder / "lifecycle/README.md").write_text("a text")
    fields = {"p.Pod": {"labels": {"n": 1, "map": ["string", "string"]}, "name": {"n": 2, "t": "string", "z": True}}}
    (folder / "schema/protobuf-fields.json").write_text(json.dumps(fields))
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_source(tmp_path / "source", [exchange("b"), exchange("a", managedFields=True)])


@pytest.fixture
def recordings(tmp_path: Path, source: Path) -> Recordings:
    found = Recordings(tmp_path / "recordings")
    refresh(found, source)
    return found


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_only_data_is_brought_in_and_that_sorted(recordings: Recordings) -> None:
    names = {f"{kind}/g.jsonl.gz" for kind in ("api", "lifecycle", "workloads")}
    assert set(files(recordings.folder)) == names | {"protobuf.jsonl.gz", CONTENTS}
    assert [name_of(case) for case in recordings.cases("api")] == ["g/a", "g/b"]
    assert recordings.cases("api")[1] == {"name": "b", "group": "g", "steps": [{"request": {}, "response": {}}]}
    assert recordings.cases("lifecycle")[0] == {"name": "a", "group": "g", "timeline": []}
    fields = {"labels": [1, ["string", "string"], ""], "name": [2, "string", "always"]}
    assert recordings.protobuf_messages() == [{"name": "p.Pod", "fields": fields}]


def test_the_same_recordings_make_the_same_files(recordings: Recordings, source: Path, tmp_path: Path) -> None:
    again = Recordings(tmp_path / "again")
    refresh(again, source)
    assert files(again.folder) == files(recordings.folder)
    assert refresh(recordings, source) == []
    header = (recordings.folder / "api/g.jsonl.gz").read_bytes()[:8]
    assert header == b"\x1f\x8b\x08\x00\x00\x00\x00\x00"


def test_a_refresh_says_what_changed_and_removes_what_is_gone(recordings: Recordings, source: Path) -> None:
    write_source(source, [exchange("a"), exchange("c")])
    report = refresh(recordings, source)
    assert report == ["api/g.jsonl.gz: 1 new, 1 gone, 1 changed", "  new c", "  gone b", "  changed a"]
    write_source(source, [exchange("a", group="other")])
    assert refresh(recordings, source) == ["api/g.jsonl.gz: 2 gone", "api/other.jsonl.gz: 1 new"]
    assert not (recordings.folder / "api/g.jsonl.gz").exists()


def test_a_change_leaves_most_of_a_file_as_it_was(recordings: Recordings, source: Path) -> None:
    cases = [exchange(f"{number:03}", note=[str(hash((number, part))) for part in range(60)]) for number in range(200)]
    write_source(source, cases)
    refresh(recordings, source)
    before = (recordings.folder / "api/g.jsonl.gz").read_bytes()
    assert len(recordings.text("api/g.jsonl.gz")) > 6 * BLOCK
    cases[100]["note"][0] = "another"
    write_source(source, cases)
    refresh(recordings, source)
    after = (recordings.folder / "api/g.jsonl.gz").read_bytes()
    assert before[: len(before) // 3] == after[: len(before) // 3]
    assert before[-len(before) // 3 : -8] == after[-len(before) // 3 : -8]


def test_the_keys_of_an_object_keep_their_order(recordings: Recordings, source: Path) -> None:
    write_source(source, [exchange("a", body={"z": 1, "a": "\udcff"})])
    refresh(recordings, source)
    assert list(recordings.cases("api")[0]["body"].items()) == [("z", 1), ("a", "\udcff")]


def test_a_source_without_recordings_changes_nothing(recordings: Recordings, tmp_path: Path) -> None:
    before = files(recordings.folder)
    with pytest.raises(Failure, match="no api/cases"):
        refresh(recordings, tmp_path / "nowhere")
    assert files(recordings.folder) == before


def test_a_file_that_is_cut_off_is_a_failure(recordings: Recordings) -> None:
    path = recordings.folder / "api/g.jsonl.gz"
    whole = path.read_bytes()
    for length in (0, 5, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(Failure, match="g.jsonl.gz"):
            recordings.cases("api")


def test_a_file_with_fewer_cases_than_told_is_a_failure(recordings: Recordings) -> None:
    path = recordings.folder / "api/g.jsonl.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).splitlines(keepends=True)[0]))
    with pytest.raises(Failure, match="contents.txt tells of"):
        recordings.cases("api")


def test_a_missing_file_is_a_failure(recordings: Recordings) -> None:
    (recordings.folder / "api/g.jsonl.gz").unlink()
    with pytest.raises(Failure, match="g.jsonl.gz"):
        recordings.cases("api")


@pytest.mark.parametrize("kind", ["api", "lifecycle", "workloads"])
def test_no_recordings_at_all_are_a_failure(kind: str, tmp_path: Path) -> None:
    with pytest.raises(Failure, match="--refresh"):
        Recordings(tmp_path).cases(kind)
    with pytest.raises(Failure):
        Recordings(tmp_path).protobuf_messages()


def test_fields_that_nobody_looks_at_are_told_of() -> None:
    assert unknown("step", [{"a": 1}, {"b": 2}], frozenset("ab")) == []
    assert unknown("step", [{"a": 1, "c": 2}], frozenset("ab")) == ["the runner does not know what a step means by: c"]


@pytest.mark.parametrize("kind", ["api", "lifecycle", "workloads"])
def test_every_listed_name_is_recorded(kind: str) -> None:
    listed = (Path(__file__).parent / f"{kind}.txt").read_text().split()
    assert listed == sorted(set(listed))
    assert set(listed) <= {name_of(case) for case in OWN.cases(kind)}


def test_the_words_of_schemas_are_nobody_elses() -> None:
    schema = {"description": "words", "properties": {"description": {"type": "string", "description": "words"}}}
    assert without_prose([schema]) == [{"properties": {"description": {"type": "string"}}}]
    step = {"request": {"method": "GET", "path": "/openapi/v3/api/v1"}, "response": {"status": 200, "body": schema}}
    other = {"request": {"method": "GET", "path": "/api/v1"}, "response": {"status": 200, "body": schema}}
    case = without_documentation({"name": "x", "steps": [step, other]})
    assert case["steps"][0]["response"]["body"] == without_prose(schema)
    assert case["steps"][1]["response"]["body"] == schema
