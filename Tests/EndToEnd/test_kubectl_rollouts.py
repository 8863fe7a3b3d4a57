# SPDX-License-Identifier: Apache-2.0
"""kubectl rolls workloads out, back, pauses and restarts them, and shows their histories."""

from __future__ import annotations

import pytest

from kubectl import Kubectl, cells
from workloads import IMAGE, NEXT_IMAGE, daemon_set, deployment, image, roll_out, stateful_set, value

CAUSE = "kubernetes.io/change-cause"


@pytest.fixture
def web(kubectl: Kubectl) -> Kubectl:
    """kubectl in a namespace with a Deployment `web` that has rolled out."""
    roll_out(kubectl, deployment("web"), "deployment", "web")
    return kubectl


def set_image(kubectl: Kubectl, kind: str, name: str, new: str) -> None:
    assert kubectl("set", "image", f"{kind}/{name}", f"main={new}") == f"{kind}.apps/{name} image updated\n"
    kubectl("rollout", "status", f"{kind}/{name}", "--timeout=20s")


def revisions(kubectl: Kubectl, workload: str) -> list[list[str]]:
    """The rows of the history: revision and cause."""
    lines = kubectl.lines("rollout", "history", workload)
    assert lines[1].split() == ["REVISION", "CHANGE-CAUSE"]
    return [line.split(maxsplit=1) for line in lines[2:] if line]


def test_rollout_status_tells_how_far_it_is(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=deployment("web", replicas=3))
    lines = kubectl.lines("rollout", "status", "deployment/web", "--timeout=20s")
    assert lines[-1] == 'deployment "web" successfully rolled out'
    assert all(line.startswith('Waiting for deployment "web" rollout to finish: ') for line in lines[:-1])
    assert cells(kubectl.lines("get", "deployment", "web")[1])[1:4] == ["3/3", "3", "3"]


def test_history_of_a_deployment(web: Kubectl) -> None:
    web("annotate", "deployment/web", f"{CAUSE}=first")
    set_image(web, "deployment", "web", NEXT_IMAGE)
    web("annotate", "deployment/web", f"{CAUSE}=second", "--overwrite")
    wait_for_cause(web, "second")
    assert revisions(web, "deployment/web") == [["1", "first"], ["2", "second"]]
    first = web("rollout", "history", "deployment/web", "--revision=1")
    assert first.startswith("deployment.apps/web with revision #1\nPod Template:\n")
    assert f"Image:\t{IMAGE}\n" in first and "pod-template-hash=" in first


def wait_for_cause(kubectl: Kubectl, cause: str) -> None:
    """Until the newest ReplicaSet says why it came."""
    revision = value(kubectl, "deployment/web", r".metadata.annotations.deployment\.kubernetes\.io/revision")
    names = kubectl.object("get", "replicasets")["items"]
    (newest,) = (
        item["metadata"]["name"]
        for item in names
        if item["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == revision
    )
    kubectl(
        "wait", f"replicaset/{newest}", "--timeout=10s",
        rf"--for=jsonpath={{.metadata.annotations.kubernetes\.io/change-cause}}={cause}",
    )  # fmt: skip


def test_undo_of_a_deployment(web: Kubectl) -> None:
    set_image(web, "deployment", "web", NEXT_IMAGE)
    dry = web("rollout", "undo", "deployment/web", "--to-revision=1", "--dry-run=client")
    assert dry.startswith("deployment.apps/web Pod Template:\n") and dry.endswith(" (dry run)\n")
    assert web("rollout", "undo", "deployment/web", "--dry-run=server") == (
        "deployment.apps/web rolled back (server dry run)\n"
    )
    assert image(web, "deployment/web") == NEXT_IMAGE
    assert web.fails("rollout", "undo", "deployment/web", "--to-revision=1000000") == (
        "error: unable to find specified revision 1000000 in history\n"
    )
    assert web("rollout", "undo", "deployment/web") == "deployment.apps/web rolled back\n"
    web("rollout", "status", "deployment/web", "--timeout=20s")
    assert image(web, "deployment/web") == IMAGE
    # The first revision has become the third: its ReplicaSet has come back.
    assert [row[0] for row in revisions(web, "deployment/web")] == ["2", "3"]
    assert len(web.object("get", "replicasets")["items"]) == 2
    skipped = web("rollout", "undo", "deployment/web", "--to-revision=3")
    assert skipped == "deployment.apps/web skipped rollback (current template already matches revision 3)\n"
    web("rollout", "pause", "deployment/web")
    assert web.fails("rollout", "undo", "deployment/web") == (
        "error: you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again\n"
    )


def test_a_paused_deployment_waits(web: Kubectl) -> None:
    assert web("rollout", "pause", "deployment/web") == "deployment.apps/web paused\n"
    assert web.fails("rollout", "pause", "deployment/web") == 'error: deployments.apps "web" is already paused\n'
    web("set", "image", "deployment/web", f"main={NEXT_IMAGE}")
    web("wait", "deployment/web", "--for=jsonpath={.status.observedGeneration}=3", "--timeout=10s")
    assert len(web.object("get", "replicasets")["items"]) == 1
    assert "can't restart paused deployment" in web.fails("rollout", "restart", "deployment/web")
    # While it is paused it is scaled all the same.
    web("scale", "deployment/web", "--replicas=3")
    web("wait", "deployment/web", "--for=jsonpath={.status.availableReplicas}=3", "--timeout=15s")
    assert web("rollout", "resume", "deployment/web") == "deployment.apps/web resumed\n"
    assert web.fails("rollout", "resume", "deployment/web") == 'error: deployments.apps "web" is not paused\n'
    web("rollout", "status", "deployment/web", "--timeout=20s")
    pods = web.object("get", "pods", "--field-selector", "status.phase=Running")["items"]
    assert {pod["spec"]["containers"][0]["image"] for pod in pods if "deletionTimestamp" not in pod["metadata"]} == {
        NEXT_IMAGE
    }


def test_restart_replaces_all_pods(web: Kubectl) -> None:
    before = set(web("get", "pods", "--output", "name").split())
    assert web("rollout", "restart", "deployment/web") == "deployment.apps/web restarted\n"
    web("rollout", "status", "deployment/web", "--timeout=20s")
    web("wait", "--for=delete", *before, "--timeout=15s")
    assert len(web("get", "pods", "--output", "name").split()) == 2
    path = r".spec.template.metadata.annotations.kubectl\.kubernetes\.io/restartedAt"
    assert value(web, "deployment/web", path)


def test_what_can_be_set(web: Kubectl) -> None:
    assert web.fails("set", "image", "deployment/web", "nobody=x:1") == (
        'error: unable to find container named "nobody"\n'
    )
    assert web("set", "image", "deployments,replicasets", "*=nginx:1.29", "--all", "--local=false").startswith(
        "deployment.apps/web image updated\n"
    )
    assert web("set", "env", "deployment/web", "COLOUR=green") == "deployment.apps/web env updated\n"
    assert web("set", "env", "deployment/web", "--list") == ("# Deployment web, container main\nCOLOUR=green\n")
    assert web("set", "env", "deployment/web", "COLOUR-") == "deployment.apps/web env updated\n"
    limits = "deployment.apps/web resource requirements updated\n"
    assert web("set", "resources", "deployment/web", "--limits=cpu=200m", "--requests=cpu=100m") == limits
    assert web("set", "serviceaccount", "deployment/web", "default") == "deployment.apps/web serviceaccount updated\n"
    web("rollout", "status", "deployment/web", "--timeout=20s")
    container = web.object("get", "deployment", "web")["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "nginx:1.29" and "env" not in container
    assert container["resources"] == {"limits": {"cpu": "200m"}, "requests": {"cpu": "100m"}}


def test_a_rollout_that_hangs_says_so(kubectl: Kubectl) -> None:
    manifest = deployment("web").replace("spec:\n", "spec:\n  progressDeadlineSeconds: 1\n", 1)
    kubectl("create", "-f", "-", stdin=manifest.replace(IMAGE, "registry.invalid/none:1"))
    message = kubectl.fails("rollout", "status", "deployment/web", "--timeout=20s")
    assert message == 'error: deployment "web" exceeded its progress deadline\n'
    condition = '.status.conditions[?(@.type=="Progressing")].reason'
    assert value(kubectl, "deployment/web", condition) == "ProgressDeadlineExceeded"


@pytest.mark.parametrize(
    ("kind", "manifest"), [("statefulset", stateful_set("set")), ("daemonset", daemon_set("set"))], ids=["sts", "ds"]
)
def test_history_and_undo_of_sets(kubectl: Kubectl, kind: str, manifest: str) -> None:
    roll_out(kubectl, manifest, kind, "set")
    set_image(kubectl, kind, "set", NEXT_IMAGE)
    assert [row[0] for row in revisions(kubectl, f"{kind}/set")] == ["1", "2"]
    shown = kubectl("rollout", "history", f"{kind}/set", "--revision=1")
    assert shown.startswith(f"{kind}.apps/set with revision #1\nPod Template:\n") and f"Image:\t{IMAGE}\n" in shown
    assert kubectl("rollout", "undo", f"{kind}/set", "--dry-run=server") == (
        f"{kind}.apps/set rolled back (server dry run)\n"
    )
    assert image(kubectl, f"{kind}/set") == NEXT_IMAGE
    assert kubectl.fails("rollout", "undo", f"{kind}/set", "--to-revision=1000000") == (
        "error: unable to find specified revision 1000000 in history\n"
    )
    assert kubectl("rollout", "undo", f"{kind}/set", "--to-revision=1") == f"{kind}.apps/set rolled back\n"
    kubectl("rollout", "status", f"{kind}/set", "--timeout=20s")
    assert image(kubectl, f"{kind}/set") == IMAGE
    assert [row[0] for row in revisions(kubectl, f"{kind}/set")] == ["2", "3"]
    kept = kubectl.object("get", "controllerrevisions")["items"]
    assert sorted(item["revision"] for item in kept) == [2, 3]
    assert kubectl("rollout", "restart", f"{kind}/set") == f"{kind}.apps/set restarted\n"
    kubectl("rollout", "status", f"{kind}/set", "--timeout=20s")
    assert [row[0] for row in revisions(kubectl, f"{kind}/set")] == ["2", "3", "4"]
