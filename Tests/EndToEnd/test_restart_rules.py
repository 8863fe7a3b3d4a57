# SPDX-License-Identifier: Apache-2.0
"""An exit code may start all containers of a pod over, whatever their restart policies say."""

from __future__ import annotations

import json

from api import Api, Object

PODS = "/api/v1/namespaces/default/pods"

# Ends with 88 the first time; the file in the volume tells it of the second.
BOSS = "if [ -e /work/seen ]; then sleep 3600; fi; touch /work/seen; sleep 5; exit 88"

POD: Object = {
    "metadata": {"name": "p"},
    "spec": {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 2,
        "volumes": [{"name": "work", "emptyDir": {}}],
        "containers": [
            {
                "name": "boss",
                "image": "busybox:1.36",
                "command": ["sh", "-c", BOSS],
                "restartPolicy": "Never",
                "restartPolicyRules": [
                    {"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [88]}}
                ],
                "volumeMounts": [{"name": "work", "mountPath": "/work"}],
            },
            {"name": "other", "image": "busybox:1.36", "command": ["sleep", "3600"]},
        ],
    },
}


def shown(pod: Object) -> tuple[str, dict[str, tuple[str, int]]]:
    """The phase, and of each container its state and number of restarts."""
    statuses = pod["status"].get("containerStatuses", [])
    return pod["status"]["phase"], {s["name"]: (next(iter(s["state"])), s["restartCount"]) for s in statuses}


def test_all_containers_start_over(virtual: Api) -> None:
    since = virtual.get(PODS)["metadata"]["resourceVersion"]
    virtual.create(PODS, POD)
    virtual.advance("30s")
    pod = virtual.get(f"{PODS}/p")
    assert shown(pod) == ("Running", {"boss": ("running", 1), "other": ("running", 1)})
    for status in pod["status"]["containerStatuses"]:
        assert status["lastState"]["terminated"]["reason"] == "RestartingAllContainers"
        assert status["lastState"]["terminated"]["exitCode"] == 137
    versions = [
        event["object"]["status"]
        for event in map(json.loads, virtual.history(PODS, since, pod["metadata"]["resourceVersion"]))
    ]
    assert {status["phase"] for status in versions} == {"Pending", "Running"}
    restarting = [
        condition["status"]
        for status in versions
        for condition in status.get("conditions", [])
        if condition["type"] == "AllContainersRestarting"
    ]
    assert "True" in restarting and restarting[-1] == "False"
