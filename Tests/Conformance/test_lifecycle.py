# SPDX-License-Identifier: Apache-2.0
"""Lives of pods: what is another life is noticed, and what differs between two runs of a real node is not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from replay.cluster import Sight
from replay.lifecycle.compare import Seen, compare
from replay.lifecycle.observe import Observer
from replay.lifecycle.play import play
from replay.recordings import Recordings, name_of

SCENARIOS = Recordings(Path(__file__).parent / "recordings").cases("lifecycle")

Object = dict[str, Any]


def version(t: float, phase: str, ready: str, state: Object, **more: Any) -> Object:
    """An entry of the timeline of a pod with one container."""
    conditions = [
        {"type": "Ready", "status": ready, "reason": "Why", "lastTransitionTime": f"T+{int(t)}"},
        {"type": "PodScheduled", "status": "True", "lastTransitionTime": "T+0"},
    ]
    container = {"name": "c", "restartCount": 0, "image": "busybox:1", "imageID": "x", "state": state}
    if state.get("running") or state.get("terminated"):
        container["containerID"] = "containerd://<p/c/0>"
    status = {"phase": phase, "podIP": "<podIP-p>", "conditions": conditions, "containerStatuses": [container]}
    return {
        "t": t,
        "pod": "p",
        "type": "ADDED" if t == 0 else "MODIFIED",
        "metadata": {"name": "p", "creationTimestamp": "T+0", "labels": {"a": "b"}},
        "spec": {"nodeName": "node-1", "images": {"c": "busybox:1"}},
        "status": status,
        **more,
    }


def event(t: float, reason: str, message: str) -> Object:
    return {
        "t": t,
        "op": "ADDED",
        "type": "Normal",
        "reason": reason,
        "message": message,
        "count": 1,
        "object": {"kind": "Pod", "name": "p", "fieldPath": "spec.containers{c}"},
        "source": {"component": "kubelet", "host": "node-1"},
        "reportingComponent": "kubelet",
        "firstTimestamp": f"T+{int(t)}",
        "lastTimestamp": f"T+{int(t)}",
    }


ENDED = {
    "containerID": "containerd://<p/c/0>",
    "exitCode": 0,
    "reason": "Completed",
    "startedAt": "T+0",
    "finishedAt": "T+5",
}
SCENARIO: Object = {
    "name": "n",
    "group": "g",
    "nodes": [],
    "setup": [],
    "manifests": [{"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c"}]}}],
    "createResponses": [{"code": 201, "message": None}],
    "actions": [],
    "recordedSeconds": 30,
    "timeline": [
        version(0.0, "Pending", "False", {"waiting": {"reason": "ContainerCreating"}}, lasts=0.6),
        version(0.6, "Running", "True", {"running": {"startedAt": "T+0"}}, lasts=4.8),
        version(5.4, "Succeeded", "False", {"terminated": ENDED}),
    ],
    "events": [event(0.1, "Pulled", "pulled in <3s>"), event(0.2, "Created", "m"), event(0.3, "Started", "m")],
}


def seen_as_recorded(scenario: Object) -> Seen:
    """What would be seen if all happened exactly as it was recorded."""
    copied = copy.deepcopy(scenario)
    return Seen(
        copied["timeline"], copied["events"], copied.get("nodeTimeline", []), copied.get("createResponses", [])
    )


def seen_again(scenario: Object) -> Seen:
    """What was seen in the second run, as far as it was the same."""
    parts = {}
    for part in ("timeline", "events"):
        entries = [{**copy.deepcopy(entry), "t": entry["t2"]} for entry in scenario[part] if "t2" in entry]
        parts[part] = sorted(entries, key=lambda entry: float(entry["t"]))
    return Seen(parts["timeline"], parts["events"], copy.deepcopy(scenario.get("nodeTimeline", [])))


def test_every_recording_fits_itself() -> None:
    different = {name_of(each): compare(each, seen_as_recorded(each)) for each in SCENARIOS}
    assert {name: problems for name, problems in different.items() if problems} == {}


def test_a_second_run_of_a_real_node_is_no_difference() -> None:
    repeated = [each for each in SCENARIOS if any("t2" in entry for entry in each["timeline"])]
    different = [name_of(each) for each in repeated if compare(each, seen_again(each))]
    assert repeated and len(different) < len(repeated) / 100, different


def container(seen: Seen) -> Object:
    """The container while it runs."""
    status: Object = seen.timeline[1]["status"]["containerStatuses"][0]
    return status


CHANGES: dict[str, Callable[[Seen], Any]] = {
    "another phase": lambda seen: seen.timeline[1]["status"].update(phase="Unknown"),
    "another status of a condition": lambda seen: seen.timeline[1]["status"]["conditions"][0].update(status="False"),
    "a field less": lambda seen: container(seen).pop("imageID"),
    "a field more": lambda seen: container(seen).update(more=1),
    "conditions in another order": lambda seen: seen.timeline[1]["status"]["conditions"].reverse(),
    "another restart count": lambda seen: container(seen).update(restartCount=1),
    "another label": lambda seen: seen.timeline[1]["metadata"].update(labels={}),
    "a version less": lambda seen: seen.timeline.pop(1),
    "a version that stays": lambda seen: seen.timeline.insert(2, {**seen.timeline[0], "t": 2.0, "pod": "p"}),
    "two versions swapped": lambda seen: swap(seen.timeline, 1, 2),
    "a version two seconds late": lambda seen: seen.timeline[2].update(t=7.4),
    "a time that others do not follow": lambda seen: seen.timeline[1]["status"]["conditions"][1].update(
        lastTransitionTime="T+4"
    ),
    "another message of an event": lambda seen: seen.events[1].update(message="another"),
    "an event less": lambda seen: seen.events.pop(1),
    "an event more": lambda seen: seen.events.append(event(0.4, "Killing", "m")),
    "an event two seconds late": lambda seen: seen.events[2].update(t=2.3),
    "events in another order": lambda seen: swap(seen.events, 1, 2),
    "an event told again and again": lambda seen: seen.events[1].update(count=4),
    "another answer": lambda seen: seen.created[0].update(code=403),
}


def swap(entries: list[Object], first: int, second: int) -> None:
    """Swaps what two entries tell, but for their times."""
    one, other = entries[first], entries[second]
    entries[first], entries[second] = {**other, "t": one["t"]}, {**one, "t": other["t"]}


@pytest.mark.parametrize("change", CHANGES)
def test_another_life_is_noticed(change: str) -> None:
    seen = seen_as_recorded(SCENARIO)
    assert compare(SCENARIO, seen) == []
    CHANGES[change](seen)
    assert compare(SCENARIO, seen)


def test_what_differs_between_runs_is_no_difference() -> None:
    seen = seen_as_recorded(SCENARIO)
    for entry in [*seen.timeline[1:], *seen.events]:
        entry["t"] += 1.0
    text = json.dumps(seen.timeline).replace("T+5", "T+6").replace("node-1", "node-3")
    seen.timeline = json.loads(text)
    seen.events = json.loads(json.dumps(seen.events).replace("node-1", "node-3").replace("<3s>", "<2s>"))
    seen.timeline.insert(2, {**copy.deepcopy(seen.timeline[0]), "t": seen.timeline[2]["t"] - 0.4})
    assert compare(SCENARIO, seen) == []


def test_all_problems_name_what_they_are_about() -> None:
    seen = seen_as_recorded(SCENARIO)
    seen.timeline[1]["status"]["phase"] = "Unknown"
    problems = compare(SCENARIO, seen)
    assert problems[0].startswith("version 1 at t=0.6 of p not seen: p MODIFIED Running [c=running r0]")
    assert problems[2] == '  status.phase: want "Running", got "Unknown"'


# MARK: Names


def pod(second: int, restarts: int, managed_fields: list[Object] | None = None) -> Object:
    """A pod as a watch shows it."""
    identity = f"containerd://{restarts:064x}"
    return {
        "metadata": {
            "name": "p",
            "uid": "11111111-2222-4333-8444-555555555555",
            "resourceVersion": "7",
            "creationTimestamp": "2026-01-01T00:00:04Z",
            "managedFields": managed_fields or [],
        },
        "spec": {"nodeName": "node-1", "containers": [{"name": "c", "image": "busybox"}]},
        "status": {
            "hostIP": "10.0.0.1",
            "podIP": "10.244.0.9",
            "message": "in ns-1 at 10.244.0.9:80 of 11111111-2222-4333-8444-555555555555",
            "containerStatuses": [
                {
                    "name": "c",
                    "restartCount": restarts,
                    "containerID": identity,
                    "imageID": "sha256:" + "0f" * 32,
                    "state": {"running": {"startedAt": f"2026-01-01T00:00:{second:02}Z"}},
                }
            ],
        },
    }


def observed(*pods: Object, scenario: Object = SCENARIO) -> list[Object]:
    log = [Sight(float(number), "Pod", "MODIFIED", each) for number, each in enumerate(pods)]
    return Observer(scenario, log, "ns-1", origin=1_767_225_604).timeline()


def test_names_that_differ_in_every_run_become_placeholders() -> None:
    first, second = observed(pod(5, 0), pod(7, 1))
    status = first["status"]
    assert (status["hostIP"], status["podIP"]) == ("<hostIP>", "<podIP-p>")
    assert status["message"] == "in <ns> at <podIP-p>:80 of <uid-p>"
    assert first["metadata"]["creationTimestamp"] == "T+0"
    running = status["containerStatuses"][0]
    assert (running["containerID"], running["imageID"]) == ("containerd://<p/c/0>", "sha256:<hash>")
    assert running["state"] == {"running": {"startedAt": "T+1"}}
    assert second["status"]["containerStatuses"][0]["containerID"] == "containerd://<p/c/1>"


def test_a_version_that_shows_nothing_new_is_none() -> None:
    again = pod(5, 0)
    again["metadata"]["resourceVersion"] = "8"
    assert len(observed(pod(5, 0), again, pod(5, 1))) == 2


def test_managed_fields_are_compared_where_they_were_recorded() -> None:
    fields = [{"manager": "kubelet", "time": "2026-01-01T00:00:05Z"}, {"manager": "a"}]
    assert "managedFields" not in observed(pod(5, 0, fields))[0]["metadata"]
    timeline = [{**entry, "metadata": {**entry["metadata"], "managedFields": []}} for entry in SCENARIO["timeline"]]
    entry = observed(pod(5, 0, fields), scenario={**SCENARIO, "timeline": timeline})[0]
    assert entry["metadata"]["managedFields"] == [{"manager": "a"}, {"manager": "kubelet", "time": "T+1"}]


def test_a_field_that_nobody_looks_at_fails_the_scenario() -> None:
    problems = play("http://127.0.0.1:9", {**SCENARIO, "mood": "strict"})
    assert problems == ["the runner does not know what a scenario means by: mood"]
