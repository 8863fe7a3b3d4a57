# SPDX-License-Identifier: Apache-2.0
"""The objects that the benchmarks write."""
import json

from client import Client

PODS = "/api/v1/namespaces/default/pods"


def pod(name):
    """A pod that runs for ever."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": "bench", "tier": "backend"}},
        "spec": {
            "containers": [
                {
                    "name": "main",
                    "image": "registry.k8s.io/pause:3.10",
                    "ports": [{"containerPort": 8080}],
                    "env": [{"name": "MODE", "value": "bench"}],
                    "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
                }
            ]
        },
    }


def deployment(name, replicas):
    """A Deployment of such pods, by a label of its own."""
    template = pod(name)
    template["metadata"] = {"labels": {"app": name}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": {key: template[key] for key in ("metadata", "spec")}},
    }


def create_pods(port, count, prefix="pod"):
    """Creates `count` pods and returns the size of one as stored."""
    bodies = (json.dumps(pod(f"{prefix}-{index}")).encode() for index in range(count))
    requests = [Client.request("POST", PODS, body) for body in bodies]
    with Client(port) as client:
        created = client.call_all(requests)
        if created != count:
            raise RuntimeError(f"{count - created} of {count} pods were refused")
        return len(client.call("GET", f"{PODS}/{prefix}-0"))
