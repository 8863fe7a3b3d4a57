# SPDX-License-Identifier: Apache-2.0
"""What scripts/conformance does: plays the recordings of each kind and holds the results against the lists."""

from __future__ import annotations

import fnmatch
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .api import play as api
from .api.protobuf import Messages
from .api.webhooks import Webhooks
from .failure import Failure
from .lifecycle import play as lifecycle
from .pool import play_all
from .recordings import KINDS, Case, Recordings, name_of
from .refresh import refresh
from .report import List, Result, Verdict, printed
from .server import Server
from .workloads import play as workloads

# Cases in flight. Those of the API mostly wait, those of a virtual clock keep a core and the server busy.
API_JOBS = 8
SCENARIO_JOBS = 2
# The recorder's API server stood alone.
API_OPTIONS = ("--nodes", "0", "--controllers=", "--disable-admission-plugins", "ServiceAccount")
SCENARIO_OPTIONS = ("--clock", "virtual", "--nodes", "0", "--clusters")


@dataclass(frozen=True)
class Options:
    """What was asked for. `filters` are globs over KIND/GROUP/NAME, GROUP/NAME or NAME; none means everything."""

    podium: str = ""
    kinds: tuple[str, ...] = KINDS
    filters: tuple[str, ...] = ()
    accept: bool = False
    verbose: int = 0


def run(folder: Path, options: Options) -> bool:
    """Plays what was chosen, prints it, and says whether everything that passed before does. `folder` has the lists."""
    recordings = Recordings(folder / "recordings")
    good, played = True, 0
    for kind in options.kinds:
        cases = recordings.cases(kind)
        chosen = [case for case in cases if is_chosen(kind, case, options.filters)]
        if not chosen and options.filters:
            continue
        played += len(chosen)
        began = time.monotonic()
        result = PLAYERS[kind](options.podium, chosen, recordings)
        names = List(folder / f"{kind}.txt")
        verdict = Verdict(names.read(), set(map(name_of, cases)), set(map(name_of, chosen)), result)
        print("\n".join(printed(kind, verdict, options.accept, options.verbose)))
        print(f"  {time.monotonic() - began:.0f} s", flush=True)
        if options.accept:
            names.write(verdict.accepted())
        good = verdict.is_good(options.accept) and good
    if not played:
        raise Failure(f"no recording has a name like {' or '.join(options.filters)}")
    return good


def is_chosen(kind: str, case: Case, filters: tuple[str, ...]) -> bool:
    """Whether a case is to be played."""
    names = (f"{kind}/{name_of(case)}", name_of(case), str(case["name"]))
    return not filters or any(fnmatch.fnmatchcase(name, pattern) for pattern in filters for name in names)


def show(folder: Path, name: str) -> bool:
    """Prints the recordings of a name as JSON, and says whether there are any."""
    recordings = Recordings(folder / "recordings")
    found = [case for kind in KINDS for case in recordings.cases(kind) if is_chosen(kind, case, (name,))]
    for case in found:
        print(json.dumps(case, indent=1))
    return bool(found)


def bring_in(folder: Path, source: Path) -> None:
    """Refreshes the recordings and prints what changed."""
    print("\n".join(refresh(Recordings(folder / "recordings"), source)) or "nothing changed")


def play_api(podium: str, cases: list[Case], recordings: Recordings) -> Result:
    """Requests to an API server alone."""
    messages = Messages(recordings.protobuf_messages())
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as tokens:
        tokens.write(api.TOKENS)
        tokens.flush()
        options = [*API_OPTIONS, "--token-auth-file", tokens.name, "--authorization-mode", "RBAC"]
        with Webhooks() as webhooks, Server(podium, *options) as server:
            stage = api.Stage(server.url, messages, webhooks, salt=str(time.time_ns()))
            slow_first = sorted(cases, key=lambda case: -case.get("slow", 0))
            return play_all(slow_first, [api.player(stage) for _ in range(API_JOBS)])


def play_scenarios(play: Callable[[str, Case], list[str]]) -> Callable[[str, list[Case], Recordings], Result]:
    """Scenarios, each in a cluster of its own on the virtual clock."""

    def played(podium: str, cases: list[Case], _: Recordings) -> Result:
        with Server(podium, *SCENARIO_OPTIONS) as server:
            return play_all(cases, [lambda case: play(server.url, case)] * SCENARIO_JOBS)

    return played


PLAYERS: dict[str, Callable[[str, list[Case], Recordings], Result]] = {
    "api": play_api,
    "lifecycle": play_scenarios(lifecycle.play),
    "workloads": play_scenarios(workloads.play),
}


def require_binary(podium: str) -> None:
    """Fails early where there is nothing to play against."""
    if not Path(podium).is_file():
        raise Failure(f"{podium} is no file")
