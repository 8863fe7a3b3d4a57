# SPDX-License-Identifier: Apache-2.0
"""Somebody else's controllers in the place of Podium's: a client does what a kube-controller-manager would do.

The recipe of `Controllers.md` leaves the workloads to it; here scheduler, kubelets, garbage collector and Endpoints stay Podium's.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api import Api, Object, error_of
from charts import APPS, DEFAULT, condition
from server import Server

LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"
SELECTOR = {"matchLabels": {"app": "web"}}
TEMPLATE = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {
        "terminationGracePeriodSeconds": 1,
        "containers": [{"name": "web", "image": "nginx:1.27", "ports": [{"containerPort": 80}]}],
    },
}


@pytest.fixture
def api() -> Iterator[Api]:
    with Server("--clock", "virtual", "--seed", "1", "--controllers", "*,endpoint,endpointslice,-workloads") as server:
        yield server.api


def owned_by(owner: Object, kind: str) -> Object:
    metadata = owner["metadata"]
    reference = {"apiVersion": "apps/v1", "kind": kind, "name": metadata["name"], "uid": metadata["uid"]}
    return {"ownerReferences": [{**reference, "controller": True, "blockOwnerDeletion": True}]}


def put_status(api: Api, plural: str, name: str, status: Object) -> Object:
    current = api.get(f"{APPS}/{plural}/{name}")
    current["status"] = status
    answer = api.send("PUT", f"{APPS}/{plural}/{name}/status", current)
    assert answer.status == 200, answer.body
    return answer.object


def test_workloads_are_left_to_the_client(api: Api) -> None:
    # Leader election, as each of them begins with.
    lease = {
        "metadata": {"name": "kube-controller-manager"},
        "spec": {"holderIdentity": "other", "leaseDurationSeconds": 15},
    }
    api.create(LEASES, lease)
    web = api.create(
        f"{APPS}/deployments",
        {"metadata": {"name": "web"}, "spec": {"replicas": 2, "selector": SELECTOR, "template": TEMPLATE}},
    )
    api.create(
        f"{DEFAULT}/services",
        {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}},
    )
    api.advance("5m")
    assert (
        api.items(f"{APPS}/replicasets") == []
        and "observedGeneration" not in api.get(f"{APPS}/deployments/web")["status"]
    )

    # The ReplicaSet and its pods; scheduler and kubelets run what is made.
    replicas = {"replicas": 2, "selector": SELECTOR, "template": TEMPLATE}
    web_set = api.create(
        f"{APPS}/replicasets", {"metadata": {"name": "web-1", **owned_by(web, "Deployment")}, "spec": replicas}
    )
    for name in ("web-1-a", "web-1-b"):
        metadata = {"name": name, "labels": {"app": "web"}, **owned_by(web_set, "ReplicaSet")}
        api.create(f"{DEFAULT}/pods", {"metadata": metadata, "spec": TEMPLATE["spec"]})
    api.advance("30s")
    pods = api.items(f"{DEFAULT}/pods")
    assert [condition(pod, "Ready") for pod in pods] == ["True", "True"]
    (part,) = [
        item
        for item in api.items("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices")
        if item["metadata"]["name"].startswith("web-")
    ]
    assert {endpoint["addresses"][0] for endpoint in part["endpoints"]} == {pod["status"]["podIP"] for pod in pods}

    # What the client says of them stays, whatever is true.
    set_status = {
        "replicas": 2,
        "readyReplicas": 2,
        "availableReplicas": 2,
        "fullyLabeledReplicas": 2,
        "observedGeneration": 1,
    }
    put_status(api, "replicasets", "web-1", set_status)
    put_status(api, "deployments", "web", {"replicas": 7, "updatedReplicas": 7, "observedGeneration": 1})
    api.delete(f"{DEFAULT}/pods/web-1-a")
    api.advance("10m")
    assert [pod["metadata"]["name"] for pod in api.items(f"{DEFAULT}/pods")] == ["web-1-b"]
    assert api.get(f"{APPS}/replicasets/web-1")["status"] == set_status
    assert api.get(f"{APPS}/deployments/web")["status"]["replicas"] == 7

    # Stale writes are refused, and what is owned goes with its owner.
    stale = {**web_set, "spec": {**web_set["spec"], "replicas": 5}}
    error_of(api.send("PUT", f"{APPS}/replicasets/web-1", stale), 409, "Conflict")
    api.delete(f"{APPS}/deployments/web")
    api.advance("1m")
    assert api.items(f"{APPS}/replicasets") == [] and api.items(f"{DEFAULT}/pods") == []


@pytest.mark.parametrize("names", ["*,-deployment", "*,-deployment-controller"])
def test_one_of_them_can_be_left_out(names: str) -> None:
    with Server("--clock", "virtual", "--controllers", names) as server:
        api = server.api
        api.create(
            f"{APPS}/deployments", {"metadata": {"name": "web"}, "spec": {"selector": SELECTOR, "template": TEMPLATE}}
        )
        api.create(
            f"{APPS}/replicasets", {"metadata": {"name": "own"}, "spec": {"selector": SELECTOR, "template": TEMPLATE}}
        )
        api.advance("30s")
        assert [item["metadata"]["name"] for item in api.items(f"{APPS}/replicasets")] == ["own"]
        assert len(api.items(f"{DEFAULT}/pods")) == 1
