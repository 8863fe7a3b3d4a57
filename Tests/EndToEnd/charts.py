# SPDX-License-Identifier: Apache-2.0
"""A cluster of its own on the virtual clock, for a chart: what `kubectl apply` makes, and what then becomes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from api import Answer, Api, Object
from kubectl import Kubectl
from server import Server

DEFAULT = "/api/v1/namespaces/default"
APPS = "/apis/apps/v1/namespaces/default"


class Chart:
    """kubectl and the API of one cluster, in the namespace `default`."""

    def __init__(self, server: Server, home: Path, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.api = Api(server.api.host, server.api.port, headers=headers)
        self.kubectl = Kubectl(home)
        self.kubectl.environment["KUBECONFIG"] = str(home / "chart.kubeconfig")
        (home / "chart.kubeconfig").write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [{"name": "chart", "cluster": {"server": server.url}}],
                    "users": [{"name": "admin", "user": {"token": token} if token else {}}],
                    "contexts": [{"name": "chart", "context": {"cluster": "chart", "user": "admin"}}],
                    "current-context": "chart",
                }
            )
        )

    def apply(self, manifest: str) -> list[str]:
        """What kubectl says of each object."""
        return self.kubectl("apply", "-f", "-", stdin=manifest).splitlines()

    def advance(self, by: str) -> None:
        self.api.advance(by)

    def get(self, plural: str, name: str) -> Object:
        return self.api.get(f"{self._folder(plural)}/{name}")

    def list(self, plural: str, **labels: str) -> list[Object]:
        query = "?labelSelector=" + ",".join(f"{key}%3D{value}" for key, value in labels.items()) if labels else ""
        return self.api.items(self._folder(plural) + query)

    def pods(self, **labels: str) -> list[Object]:
        """The pods that are to stay."""
        return [
            pod
            for pod in self.list("pods", **labels)
            if "deletionTimestamp" not in pod["metadata"] and pod["status"]["phase"] not in ("Succeeded", "Failed")
        ]

    def ready(self, **labels: str) -> list[Object]:
        return [pod for pod in self.pods(**labels) if condition(pod, "Ready") == "True"]

    def patch(self, plural: str, name: str, change: Object) -> Object:
        path = f"{self._folder(plural)}/{name}"
        answer = self.api.send("PATCH", path, change, "application/strategic-merge-patch+json")
        assert answer.status == 200, answer.body
        return answer.object

    def set_image(self, plural: str, name: str, container: str, image: str) -> None:
        containers = [{"name": container, "image": image}]
        self.patch(plural, name, {"spec": {"template": {"spec": {"containers": containers}}}})

    def evict(self, pod: str) -> Answer:
        return self.api.send("POST", f"{DEFAULT}/pods/{pod}/eviction", {"metadata": {"name": pod}})

    def power(self, node: str, state: str) -> None:
        answer = self.api.send("PUT", f"/podium/v1/nodes/{node}/power", {"state": state})
        assert answer.status == 200, answer.body

    def lose_node(self, node: str) -> None:
        """The node falls silent, and after that the five minutes pass for which pods tolerate it."""
        self.power(node, "unreachable")
        self.advance("1m")
        assert condition(self.api.get(f"/api/v1/nodes/{node}"), "Ready") == "Unknown"
        self.advance("5m30s")

    def logs(self, pod: str, container: str = "") -> str:
        query = f"?container={container}" if container else ""
        answer = self.api.send("GET", f"{DEFAULT}/pods/{pod}/log{query}")
        assert answer.status == 200, answer.body
        return answer.body.decode()

    def addresses(self, service: str) -> set[str]:
        """The ready addresses behind a Service."""
        slices = self.list("endpointslices", **{"kubernetes.io/service-name": service})
        return {
            address
            for part in slices
            for endpoint in part["endpoints"]
            if endpoint["conditions"]["ready"]
            for address in endpoint["addresses"]
        }

    def reasons(self, name: str) -> list[str]:
        """Why there are Events about an object."""
        events = self.api.items(f"{DEFAULT}/events?fieldSelector=involvedObject.name%3D{name}")
        return [event["reason"] for event in events]

    def ask(self, pod: str, command: str) -> str:
        """What a shell command in a pod of its own prints."""
        container = {"name": "main", "image": "busybox:1.36", "command": ["sh", "-c", command]}
        spec = {"restartPolicy": "Never", "containers": [container]}
        self.api.create(f"{DEFAULT}/pods", {"metadata": {"name": pod}, "spec": spec})
        self.advance("10s")
        assert self.get("pods", pod)["status"]["phase"] == "Succeeded", self.logs(pod)
        return self.logs(pod)

    @staticmethod
    def _folder(plural: str) -> str:
        for group, plurals in FOLDERS.items():
            if plural in plurals:
                return f"{group}/namespaces/default/{plural}"
        raise KeyError(plural)


FOLDERS = {
    "/api/v1": {"pods", "services", "persistentvolumeclaims", "configmaps", "endpoints", "serviceaccounts"},
    "/apis/apps/v1": {"deployments", "replicasets", "statefulsets", "daemonsets"},
    "/apis/batch/v1": {"jobs", "cronjobs"},
    "/apis/autoscaling/v2": {"horizontalpodautoscalers"},
    "/apis/policy/v1": {"poddisruptionbudgets"},
    "/apis/discovery.k8s.io/v1": {"endpointslices"},
    "/apis/coordination.k8s.io/v1": {"leases"},
}


def condition(thing: Object, name: str) -> Any:
    """The status of a condition; None when there is none."""
    return next((item["status"] for item in thing["status"].get("conditions", []) if item["type"] == name), None)


def names(things: list[Object]) -> list[str]:
    return [thing["metadata"]["name"] for thing in things]


def nodes(pods: list[Object]) -> set[str]:
    return {pod["spec"]["nodeName"] for pod in pods}
