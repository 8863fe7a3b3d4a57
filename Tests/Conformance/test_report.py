# SPDX-License-Identifier: Apache-2.0
"""Every case is played once and ends up on one side; the lists let nothing fall or vanish unseen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from replay import command
from replay.failure import Failure
from replay.pool import play_all
from replay.recordings import Recordings
from replay.refresh import refresh
from replay.report import Result
from test_recordings import exchange, write_source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder like this one, with recordings of three cases of the API."""
    source = write_source(tmp_path / "source", [exchange("a"), exchange("b"), exchange("c")])
    refresh(Recordings(tmp_path / "recordings"), source)
    return tmp_path


def play(
    monkeypatch: pytest.MonkeyPatch, folder: Path, passing: set[str], listed: str, **options: Any
) -> tuple[bool, list[str]]:
    """Plays the cases of which these pass; returns the verdict and the list afterwards."""

    def player(podium: str, cases: list[dict[str, Any]], recordings: Recordings) -> Result:
        return play_all(cases, [lambda case: [] if case["name"] in passing else ["it differs"]] * 2)

    monkeypatch.setitem(command.PLAYERS, "api", player)
    (folder / "api.txt").write_text("".join(f"g/{name}\n" for name in listed))
    good = command.run(folder, command.Options(kinds=("api",), **options))
    return good, (folder / "api.txt").read_text().split()


def test_what_passes_as_before_is_good(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    assert play(monkeypatch, folder, {"a", "b"}, "ab") == (True, ["g/a", "g/b"])


def test_what_falls_is_a_failure_and_stays_listed(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert play(monkeypatch, folder, {"a", "c"}, "ab", accept=True) == (False, ["g/a", "g/b", "g/c"])
    printed = capsys.readouterr().out
    assert "api: 2 of 3 pass, 2 are listed" in printed
    assert "FELL g/b\n    it differs" in printed
    assert "passes now and is not listed: added: 1\n    g/c" in printed


def test_what_is_recorded_no_longer_is_a_failure_until_accepted(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert play(monkeypatch, folder, {"a"}, "ax") == (False, ["g/a", "g/x"])
    assert "recorded no longer: 1\n    g/x" in capsys.readouterr().out
    assert play(monkeypatch, folder, {"a"}, "ax", accept=True) == (True, ["g/a"])


def test_a_filter_plays_its_cases_only_and_judges_no_others(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    assert play(monkeypatch, folder, {"b"}, "ab", filters=("g/b",), accept=True) == (True, ["g/a", "g/b"])
    with pytest.raises(Failure, match="name like nothing"):
        play(monkeypatch, folder, set(), "", filters=("nothing",))


def test_failures_on_no_list_are_described_when_asked_for(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    play(monkeypatch, folder, set(), "")
    assert "it differs" not in capsys.readouterr().out
    play(monkeypatch, folder, set(), "", verbose=2)
    assert capsys.readouterr().out.count("it differs") == 2


def test_missing_recordings_are_a_failure(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "recordings/api/g.jsonl.gz").unlink()
    with pytest.raises(Failure):
        play(monkeypatch, folder, {"a", "b", "c"}, "abc")


def test_a_case_without_any_result_is_a_failure(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setitem(command.PLAYERS, "api", lambda podium, cases, recordings: Result(passed={"g/a"}))
    assert not command.run(folder, command.Options(kinds=("api",)))


def test_a_case_is_shown_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.show(folder, "api/g/b")
    assert json.loads(capsys.readouterr().out)["name"] == "b"
    assert not command.show(folder, "g/nothing")


def test_each_case_is_played_once() -> None:
    played: list[str] = []

    def worker(case: dict[str, Any]) -> list[str]:
        played.append(case["name"])
        return []

    cases = [{"group": "g", "name": str(number)} for number in range(100)]
    result = play_all(cases, [worker] * 4)
    assert sorted(played) == sorted(case["name"] for case in cases)
    assert len(result.passed) == 100 and not result.failed
    with pytest.raises(ValueError, match="twice"):
        result.add("g/1", [])


def test_a_worker_that_stumbles_loses_no_case() -> None:
    def worker(case: dict[str, Any]) -> list[str]:
        raise KeyError(case["name"])

    result = play_all([{"group": "g", "name": name} for name in "ab"], [worker])
    assert set(result.failed) == {"g/a", "g/b"}
    assert "KeyError: 'a'" in result.failed["g/a"][0]


def test_without_a_server_there_is_no_result() -> None:
    def worker(case: dict[str, Any]) -> list[str]:
        raise Failure("no server")

    with pytest.raises(Failure, match="no server"):
        play_all([{"group": "g", "name": name} for name in "ab"], [worker, worker])
