# SPDX-License-Identifier: Apache-2.0
"""Workloads that several tests use. Their pods end at once when they are told to."""

from __future__ import annotations

from kubectl import Kubectl

IMAGE = "nginx:1.27"
NEXT_IMAGE = "nginx:1.28"


def template(name: str, image: str = IMAGE) -> str:
    return (
        f"{{metadata: {{labels: {{app: {name}}}}}, "
        f"spec: {{terminationGracePeriodSeconds: 1, containers: [{{name: main, image: '{image}'}}]}}}}"
    )


def deployment(name: str, replicas: int = 2) -> str:
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template: {template(name)}
"""


def daemon_set(name: str) -> str:
    return f"""
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: {name}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template: {template(name)}
"""


def stateful_set(name: str, replicas: int = 2) -> str:
    return f"""
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{clusterIP: None, selector: {{app: {name}}}, ports: [{{port: 80}}]}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  serviceName: {name}
  selector: {{matchLabels: {{app: {name}}}}}
  template: {template(name)}
"""


def roll_out(kubectl: Kubectl, manifest: str, kind: str, name: str) -> None:
    """Creates a workload and waits until all of it runs."""
    kubectl("create", "-f", "-", stdin=manifest)
    kubectl("rollout", "status", f"{kind}/{name}", "--timeout=20s")


def image(kubectl: Kubectl, workload: str) -> str:
    """The image of the first container of a workload's template."""
    return kubectl("get", workload, "--output", "jsonpath={.spec.template.spec.containers[0].image}")


def value(kubectl: Kubectl, what: str, path: str, *more: str) -> str:
    return kubectl("get", what, *more, "--output", f"jsonpath={{{path}}}")
