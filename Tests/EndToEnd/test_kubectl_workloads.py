# SPDX-License-Identifier: Apache-2.0
"""kubectl scales, exposes, deletes and starts workloads, and drains nodes of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kubectl import Kubectl, cells
from workloads import IMAGE, daemon_set, deployment, roll_out, stateful_set, template, value


def replica_set(name: str, replicas: int) -> str:
    return f"""
apiVersion: apps/v1
kind: ReplicaSet
metadata: {{name: {name}}}
spec: {{replicas: {replicas}, selector: {{matchLabels: {{app: {name}}}}}, template: {template(name)}}}
"""


def controller(name: str, replicas: int) -> str:
    return f"""
apiVersion: v1
kind: ReplicationController
metadata: {{name: {name}}}
spec: {{replicas: {replicas}, selector: {{app: {name}}}, template: {template(name)}}}
"""


def wait_for_replicas(kubectl: Kubectl, workload: str, count: int) -> None:
    kubectl("wait", workload, f"--for=jsonpath={{.status.readyReplicas}}={count}", "--timeout=20s")


@pytest.mark.parametrize(
    ("kind", "manifest"),
    [
        ("deployment.apps", deployment("app")),
        ("replicaset.apps", replica_set("app", 2)),
        ("replicationcontroller", controller("app", 2)),
        ("statefulset.apps", stateful_set("app")),
    ],
    ids=["deployment", "rs", "rc", "sts"],
)
def test_scale(kubectl: Kubectl, kind: str, manifest: str) -> None:
    workload = f"{kind}/app"
    kubectl("create", "-f", "-", stdin=manifest)
    wait_for_replicas(kubectl, workload, 2)
    assert kubectl("scale", workload, "--replicas=3") == f"{workload} scaled\n"
    wait_for_replicas(kubectl, workload, 3)
    message = kubectl.fails("scale", workload, "--current-replicas=2", "--replicas=1")
    assert message == "error: Expected replicas to be 2, was 3\n"
    assert kubectl("scale", workload, "--current-replicas=3", "--replicas=1") == f"{workload} scaled\n"
    kubectl("wait", workload, "--for=jsonpath={.status.replicas}=1", "--timeout=20s")
    # The rest is gone, or on its way.
    alive = [pod for pod in kubectl.object("get", "pods")["items"] if "deletionTimestamp" not in pod["metadata"]]
    assert len(alive) == 1


def test_expose_and_autoscale(kubectl: Kubectl) -> None:
    roll_out(kubectl, deployment("app"), "deployment", "app")
    assert kubectl("expose", "deployment", "app", "--port=80") == "service/app exposed\n"
    kubectl("wait", "endpoints/app", "--for=jsonpath={.subsets[0].addresses[1].ip}", "--timeout=10s")
    pods = {pod["status"]["podIP"] for pod in kubectl.object("get", "pods")["items"]}
    of_app = ("-l", "kubernetes.io/service-name=app")
    addresses = value(kubectl, "endpointslices", ".items[0].endpoints[*].addresses[0]", *of_app)
    assert set(addresses.split()) == pods
    kubectl("run", "ask", "--image=busybox:1.36", "--restart=Never", "--", "wget", "-qO-", "http://app")
    kubectl("wait", "pod/ask", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=15s")
    assert "nginx" in kubectl("logs", "ask")
    assert kubectl("autoscale", "deployment", "app", "--min=3", "--max=4") == (
        "horizontalpodautoscaler.autoscaling/app autoscaled\n"
    )
    row = cells(kubectl.lines("get", "hpa", "app")[1])
    assert row[1] == "Deployment/app" and row[3:5] == ["3", "4"]


def test_create_job_from_a_cronjob(kubectl: Kubectl) -> None:
    assert kubectl(
        "create", "cronjob", "backup", "--image=busybox:1.36", "--schedule=0 3 * * *", "--", "echo", "saved"
    ) == "cronjob.batch/backup created\n"  # fmt: skip
    assert kubectl("create", "job", "now", "--from=cronjob/backup") == "job.batch/now created\n"
    kubectl("wait", "job/now", "--for=condition=complete", "--timeout=20s")
    assert kubectl("logs", "job/now") == "saved\n"
    job = kubectl.object("get", "job", "now")
    assert job["metadata"]["annotations"] == {"cronjob.kubernetes.io/instantiate": "manual"}
    assert job["status"]["succeeded"] == 1
    # What was started by hand goes with the schedule that it was started from.
    kubectl("delete", "cronjob", "backup")
    kubectl("wait", "job/now", "--for=delete", "--timeout=20s")
    kubectl("wait", "pods", "-l", "job-name=now", "--for=delete", "--timeout=20s")


def test_delete_in_the_foreground(kubectl: Kubectl) -> None:
    roll_out(kubectl, deployment("app"), "deployment", "app")
    assert kubectl("delete", "deployment", "app", "--cascade=foreground").startswith('deployment.apps "app" deleted')
    # When the owner is gone nothing of it is left.
    assert kubectl("get", "replicasets,pods", "--output", "name") == ""


def test_delete_in_the_background(kubectl: Kubectl) -> None:
    roll_out(kubectl, deployment("app"), "deployment", "app")
    kubectl("delete", "deployment", "app")
    kubectl("wait", "replicasets,pods", "-l", "app=app", "--for=delete", "--timeout=20s")


def test_orphans_are_adopted(kubectl: Kubectl) -> None:
    roll_out(kubectl, deployment("app"), "deployment", "app")
    pods = kubectl("get", "pods", "--output", "name")
    kubectl("delete", "deployment", "app", "--cascade=orphan")
    (orphan,) = kubectl.object("get", "replicasets")["items"]
    assert "ownerReferences" not in orphan["metadata"]
    assert kubectl("get", "pods", "--output", "name") == pods
    roll_out(kubectl, deployment("app"), "deployment", "app")
    (adopted,) = kubectl.object("get", "replicasets")["items"]
    assert adopted["metadata"]["uid"] == orphan["metadata"]["uid"]
    assert [owner["kind"] for owner in adopted["metadata"]["ownerReferences"]] == ["Deployment"]
    assert kubectl("get", "pods", "--output", "name") == pods
    # One level down the same.
    kubectl("delete", "replicaset", "-l", "app=app", "--cascade=orphan")
    kubectl("wait", "replicaset", "-l", "app=app", "--for=jsonpath={.status.readyReplicas}=2", "--timeout=20s")
    assert kubectl("get", "pods", "--output", "name") == pods


def test_templates_of_jobs_and_deployments(kubectl: Kubectl) -> None:
    """What `kubectl create` makes without a manifest."""
    assert kubectl("create", "deployment", "web", f"--image={IMAGE}", "--replicas=2", "--port=80") == (
        "deployment.apps/web created\n"
    )
    kubectl("rollout", "status", "deployment/web", "--timeout=20s")
    assert value(kubectl, "deployment/web", ".spec.selector.matchLabels.app") == "web"
    assert (
        kubectl("create", "job", "pi", "--image=busybox:1.36", "--", "sh", "-c", "exit 0") == "job.batch/pi created\n"
    )
    kubectl("wait", "job/pi", "--for=condition=complete", "--timeout=20s")
    row = cells(kubectl.lines("get", "job", "pi")[1])
    assert row[1:3] == ["Complete", "1/1"]


@pytest.fixture
def nodes(kubectl: Kubectl) -> Iterator[Kubectl]:
    """kubectl, and afterwards every node takes pods again."""
    yield kubectl
    kubectl("uncordon", "node-1", "node-2", "node-3")


def test_drain_keeps_to_budgets(nodes: Kubectl) -> None:
    name = nodes.namespace
    roll_out(nodes, deployment("app", replicas=1), "deployment", "app")
    roll_out(nodes, daemon_set("agent"), "daemonset", "agent")
    node = value(nodes, "pods", ".items[0].spec.nodeName", "-l", "app=app")
    pod = value(nodes, "pods", ".items[0].metadata.name", "-l", "app=app")
    own = ("drain", node, "--pod-selector=app in (app,agent)")
    message = nodes.fails(*own)
    assert f"cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): {name}/agent-" in message
    nodes("create", "poddisruptionbudget", "app", "--selector=app=app", "--min-available=1")
    nodes("wait", "pdb/app", "--for=jsonpath={.status.currentHealthy}=1", "--timeout=10s")
    message = nodes.fails(*own, "--ignore-daemonsets", "--timeout=1s")
    assert f'error when evicting pods/"{pod}" -n "{name}"' in message
    assert "Cannot evict pod as it would violate the pod's disruption budget." in message
    assert nodes("get", "pod", pod, "--output", "name") == f"pod/{pod}\n"
    # With a second pod there is one to spare.
    nodes("scale", "deployment/app", "--replicas=2")
    nodes("wait", "pdb/app", "--for=jsonpath={.status.disruptionsAllowed}=1", "--timeout=15s")
    lines = nodes.lines(*own, "--ignore-daemonsets")
    assert lines[-1] == f"node/{node} drained" and f"pod/{pod} evicted" in lines
    nodes("rollout", "status", "deployment/app", "--timeout=20s")
    placed = value(nodes, "pods", ".items[*].spec.nodeName", "-l", "app=app", "--field-selector=status.phase=Running")
    assert node not in placed.split()
