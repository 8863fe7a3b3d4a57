# SPDX-License-Identifier: Apache-2.0
"""What controllers make of workloads: other objects are noticed, and what differs between two runs is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from replay.cluster import Sight
from replay.recordings import Recordings, name_of
from replay.workloads.agree import ANY, disagreements, eased
from replay.workloads.compare import compare, key_of, relations
from replay.workloads.observe import Bounds, Observer, Seen, StepSeen, Told
from replay.workloads.play import play

SCENARIOS = Recordings(Path(__file__).parent / "recordings").cases("workloads")

Object = dict[str, Any]


def seen_as_recorded(scenario: Object) -> Seen:
    """What would be seen if all happened as it was recorded, in the first run where the runs differ."""
    copied = json.loads(json.dumps(scenario))
    steps = [
        StepSeen(step["answers"], step["state"], {key: values[0] for key, values in step["extremes"].items()})
        for step in copied["steps"]
    ]
    told = {key_of(event): event for event in copied["events"] if not event.get("optional")}
    events = {key: Told(first(event["count"]), event.get("step", 0)) for key, event in told.items()}
    marks = {(step, what): times[0] for step, what, *times in copied["marks"]}
    return Seen(steps, events, copied["versions"], marks)


def first(count: Any) -> int:
    return int(count[0] if isinstance(count, list) else count)


def test_every_recording_fits_itself() -> None:
    different = {name_of(each): compare(each, seen_as_recorded(each)) for each in SCENARIOS}
    assert {name: problems for name, problems in different.items() if problems} == {}


REPLICA_SET = {
    "metadata": {"name": "web-<hash-1>", "labels": {"app": "web"}},
    "spec": {"replicas": 1},
    "status": {"replicas": 1, "conditions": {}, "free": ANY},
}
POD = {"metadata": {"name": "web-<hash-1>-<rand>"}, "spec": {"images": ["a", "b"]}, "status": {"ready": True}}
SCENARIO: Object = {
    "name": "n",
    "group": "g",
    "kinds": ["Pod", "ReplicaSet", "ConfigMap"],
    "steps": [
        {
            "title": "create",
            "requests": [{"method": "POST", "path": "/x", "body": {}}],
            "answers": [{"code": 201, "message": None}],
            "wait": 3,
            "state": {"ReplicaSet": [REPLICA_SET], "Pod": [POD, POD], "ConfigMap": ANY},
            "extremes": {"maxAlive": [2], "minReady": [0, 1]},
        }
    ],
    "events": [
        {
            "object": "ReplicaSet/web-<hash-1>",
            "type": "Normal",
            "reason": "SuccessfulCreate",
            "message": "Created pod: web-<hash-1>-<rand>",
            "source": "replicaset-controller",
            "count": 2,
            "step": 0,
        }
    ],
    "versions": {"ReplicaSet/web-<hash-1>": [REPLICA_SET, {**REPLICA_SET, "spec": {"replicas": 2}}]},
    "marks": [[0, "created web #1", 0.1, 0.2], [0, "ready web #1", 2.1, 2.0], [0, "gone web-<rand> #1", 9.0, 2.0]],
}


def state(seen: Seen, kind: str) -> Any:
    return seen.steps[0].state[kind]


def only_event(seen: Seen) -> Told:
    return next(iter(seen.events.values()))


CHANGES: dict[str, Callable[[Seen], Any]] = {
    "another answer": lambda seen: seen.steps[0].answers[0].update(code=422),
    "another message of an answer": lambda seen: seen.steps[0].answers[0].update(message="no"),
    "another status": lambda seen: state(seen, "ReplicaSet")[0]["status"].update(replicas=2),
    "a field less": lambda seen: state(seen, "ReplicaSet")[0]["metadata"].pop("labels"),
    "a field more": lambda seen: state(seen, "ReplicaSet")[0]["spec"].update(paused=False),
    "a list in another order": lambda seen: state(seen, "Pod")[0]["spec"]["images"].reverse(),
    "an object less": lambda seen: state(seen, "Pod").pop(),
    "an object more": lambda seen: state(seen, "Pod").append(POD),
    "a kind less": lambda seen: seen.steps[0].state.pop("ReplicaSet"),
    "a kind more": lambda seen: seen.steps[0].state.update(Job=[POD]),
    "more pods at once": lambda seen: seen.steps[0].extremes.update(maxAlive=3),
    "no event": lambda seen: seen.events.clear(),
    "an event more": lambda seen: seen.events.update(
        {next(iter(seen.events))._replace(reason="Odd"): Told(1, 0)}
    ),
    "an event told once more": lambda seen: setattr(only_event(seen), "count", 3),
    "an event in another step": lambda seen: setattr(only_event(seen), "step", 1),
    "another message of an event": lambda seen: seen.events.update(
        {next(iter(seen.events))._replace(message="odd"): seen.events.popitem()[1]}
    ),
    "no version": lambda seen: seen.versions.clear(),
    "versions in another order": lambda seen: seen.versions["ReplicaSet/web-<hash-1>"].reverse(),
    "a pod that is never ready": lambda seen: seen.marks.pop((0, "ready web #1")),
    "a pod that is ready too late": lambda seen: seen.marks.update({(0, "ready web #1"): 5.0}),
    "a pod that is ready before it is there": lambda seen: seen.marks.update({(0, "created web #1"): 2.2}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_outcome_is_noticed(change: str) -> None:
    seen = seen_as_recorded(SCENARIO)
    assert compare(SCENARIO, seen) == []
    CHANGES[change](seen)
    assert compare(SCENARIO, seen)


def test_what_differs_between_runs_is_no_difference() -> None:
    seen = seen_as_recorded(SCENARIO)
    state(seen, "ReplicaSet")[0]["status"]["free"] = 7
    seen.steps[0].state["ConfigMap"] = [{"metadata": {"name": "whatever"}}]
    # Of a kind that was not looked at.
    seen.steps[0].state["LimitRange"] = [{"metadata": {"name": "whatever"}}]
    seen.steps[0].extremes["minReady"] = 2
    seen.versions["ReplicaSet/web-<hash-1>"].insert(1, {"spec": {"replicas": 7}})
    seen.marks.update({(0, "ready web #1"): 3.5, (0, "created web #1"): 0.9, (0, "gone web-<rand> #1"): 6.0})
    assert compare(SCENARIO, seen) == []


def test_only_what_every_run_shows_has_an_order() -> None:
    marks = [[0, "a", 1.0, 1.0], [0, "b", 3.0, 2.6], [0, "c", 3.5, 3.0], [0, "d-<rand>", 3.6, 3.4], [1, "e", 9.0, 9.0]]
    assert list(relations(marks)) == [
        (0, "a", "b", 0.3),
        (0, "a", "c", 0.3),
        (0, "a", "d-<rand>", 0.3),
        (0, "b", "c", -1.2),
    ]


def test_reasons_of_a_rollout_under_way_count_as_one() -> None:
    created = {"Progressing": {"reason": "NewReplicaSetCreated", "message": 'Created new replica set "w"'}}
    updated = {"Progressing": {"reason": "ReplicaSetUpdated", "message": 'ReplicaSet "w" is progressing.'}}
    wrong = {"Progressing": {"reason": "ReplicaSetUpdated", "message": 'Created new replica set "w"'}}
    assert not list(disagreements(eased(created), eased(updated)))
    assert list(disagreements(eased(created), eased(wrong)))


# MARK: Names


def made(kind: str, name: str, uid: int, **metadata: Any) -> Object:
    """An object of a ReplicaSet's family as a watch shows it."""
    value: Object = {
        "metadata": {"name": name, "uid": f"{uid:08}-0000-4000-8000-000000000000", "resourceVersion": "1", **metadata},
        "spec": {"containers": []},
    }
    if kind == "Pod":
        condition = {"type": "Ready", "status": "True"}
        value["status"] = {"phase": "Running", "podIPs": [{"ip": "10.244.0.9"}], "conditions": [condition]}
        value["spec"]["nodeName"] = "node-2"
    return value


def observed(*sights: tuple[str, Object], scenario: Object = SCENARIO) -> Seen:
    log = [Sight(float(number), kind, "ADDED", value) for number, (kind, value) in enumerate(sights)]
    answers = [{"code": 422, "message": 'Invalid value: {"a": 1}: pod "web-7d9fc4-x2x2x" in ns-1'}]
    return Observer(scenario, "ns-1", log).observe([Bounds(0.0, len(log), answers)])


def family(hash_: str, suffix: str, **metadata: Any) -> list[tuple[str, Object]]:
    """A ReplicaSet and its pod, with the names that one run gives them."""
    owner = {"kind": "ReplicaSet", "name": f"web-{hash_}", "uid": "00000001-0000-4000-8000-000000000000"}
    pod = made("Pod", f"web-{hash_}-{suffix}", 2, generateName=f"web-{hash_}-", ownerReferences=[owner], **metadata)
    return [("ReplicaSet", made("ReplicaSet", f"web-{hash_}", 1, labels={"pod-template-hash": hash_})), ("Pod", pod)]


def test_names_that_differ_in_every_run_become_placeholders() -> None:
    seen = observed(*family("7d9fc4", "x2x2x"))
    step = seen.steps[0]
    (pod,) = step.state["Pod"]
    assert pod["metadata"]["name"] == "web-<hash-1>-<rand>"
    assert pod["metadata"]["owners"][0]["uid"] == "<uid ReplicaSet/web-<hash-1>>"
    assert pod["spec"]["nodeName"] == "<node>"
    assert step.answers == [
        {"code": 422, "message": 'Invalid value: <object>: pod "web-<hash-1>-<rand>" in <ns>'}
    ]
    assert seen.marks == {(0, "created web-<hash-1>-<rand> #1"): 1.0, (0, "ready web-<hash-1>-<rand> #1"): 1.0}
    assert step.extremes == {"maxAlive": 1, "minReady": 0}
    assert observed(*family("5b8d6c", "bbbbb")).versions == seen.versions


def test_managed_fields_are_compared_where_they_were_recorded() -> None:
    fields = [{"manager": "b", "time": "2026-01-01T00:00:00Z"}, {"manager": "a"}]
    sights = family("7d9fc4", "x2x2x", managedFields=fields)
    assert "managedFields" not in observed(*sights).steps[0].state["Pod"][0]["metadata"]
    steps = [{**SCENARIO["steps"][0], "state": {"Pod": [{"metadata": {"managedFields": []}}]}}]
    found = observed(*sights, scenario={**SCENARIO, "steps": steps})
    assert found.steps[0].state["Pod"][0]["metadata"]["managedFields"] == [{"manager": "a"}, {"manager": "b"}]


def test_a_field_that_nobody_looks_at_fails_the_scenario() -> None:
    problems = play("http://127.0.0.1:9", {**SCENARIO, "mood": "strict"})
    assert problems == ["the runner does not know what a scenario means by: mood"]
