# SPDX-License-Identifier: Apache-2.0
"""kubectl waits for what workloads become, tells their Events, and prints them by templates."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl import Kubectl
from workloads import deployment, roll_out, value


def test_wait_for_conditions(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=deployment("one"))
    kubectl("create", "-f", "-", stdin=deployment("two"))
    met = kubectl.lines("wait", "deployment/one", "deployment/two", "--for=condition=Available", "--timeout=20s")
    assert met == ["deployment.apps/one condition met", "deployment.apps/two condition met"]
    assert kubectl("wait", "deployments", "--all", "--for=condition=Progressing=true") == "\n".join([*met, ""])
    assert kubectl.fails("wait", "deployment/one", "--for=condition=Nothing", "--timeout=1s") == (
        "error: timed out waiting for the condition on deployments/one\n"
    )
    assert kubectl.fails("wait", "deployment/none", "--for=condition=Available") == (
        'Error from server (NotFound): deployments.apps "none" not found\n'
    )
    assert kubectl.fails("wait", "deployments", "-l", "no=body", "--for=condition=Available") == (
        "error: no matching resources found\n"
    )


def test_wait_for_values(kubectl: Kubectl) -> None:
    roll_out(kubectl, deployment("one"), "deployment", "one")
    assert kubectl("wait", "deployment/one", "--for=jsonpath={.status.readyReplicas}=2") == (
        "deployment.apps/one condition met\n"
    )
    assert kubectl("wait", "deployment/one", "--for=jsonpath={.status.conditions[0].type}") == (
        "deployment.apps/one condition met\n"
    )
    assert "timed out" in kubectl.fails(
        "wait", "deployment/one", "--for=jsonpath={.status.readyReplicas}=7", "--timeout=1s"
    )


@pytest.mark.kubectl("1.31")
def test_wait_for_what_is_to_come_and_to_go(kubectl: Kubectl) -> None:
    with kubectl.start("wait", "deployment/late", "--for=create", "--timeout=20s") as waiting:
        kubectl("create", "-f", "-", stdin=deployment("late"))
        assert waiting.communicate()[0] == "deployment.apps/late condition met\n"
    kubectl("rollout", "status", "deployment/late", "--timeout=20s")
    pods = kubectl.lines("get", "pods", "--output", "name")
    kubectl("delete", "deployment", "late", "--wait=false")
    met = kubectl.lines("wait", *pods, "--for=delete", "--timeout=20s")
    # Who is gone before it is looked for is not told of.
    assert {*met} <= {f"{pod} condition met" for pod in pods}
    assert kubectl("get", "pods", "--output", "name") == ""


def test_events(kubectl: Kubectl) -> None:
    roll_out(kubectl, deployment("one", 1), "deployment", "one")
    (pod,) = kubectl.lines("get", "pods", "--output", "jsonpath={.items[*].metadata.name}")
    lines = kubectl.lines("events", "--for", f"pod/{pod}")
    assert lines[0].split() == ["LAST", "SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
    reasons = [line.split()[2] for line in lines[1:]]
    # Those of the same second come in no particular order.
    assert sorted(reasons) == ["Created", "Pulled", "Scheduled", "Started"]
    (scaled,) = kubectl.lines("events", "--for", "deployment/one")[1:]
    set_name = value(kubectl, "replicasets", ".items[0].metadata.name")
    assert scaled.split()[1:4] == ["Normal", "ScalingReplicaSet", "Deployment/one"]
    assert scaled.endswith(f"Scaled up replica set {set_name} from 0 to 1")
    created = kubectl.object("get", "events", "--field-selector", f"involvedObject.name={set_name}")["items"]
    assert [event["message"] for event in created] == [f"Created pod: {pod}"]
    assert created[0]["source"] == {"component": "replicaset-controller"}
    kubectl("create", "-f", "-", stdin=deployment("bad", 1).replace("nginx:1.27", "registry.invalid/none:1"))
    reason = "--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ErrImagePull"
    kubectl("wait", "pod", "-l", "app=bad", reason, "--timeout=15s")
    assert {line.split()[1] for line in kubectl.lines("events", "--types=Warning")[1:]} == {"Warning"}
    times = "jsonpath={.items[*].metadata.creationTimestamp}"
    order = kubectl("get", "events", "--sort-by=.metadata.creationTimestamp", "--output", times)
    assert order.split() == sorted(order.split())


def test_events_are_watched(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=deployment("one", 0))
    with kubectl.start("events", "--for", "deployment/one", "--watch") as watching:
        assert watching.stdout is not None
        kubectl("wait", "deployment/one", "--for=condition=Available", "--timeout=10s")
        kubectl("scale", "deployment/one", "--replicas=1")
        line = next(line for line in watching.stdout if "ScalingReplicaSet" in line)
        assert line.rstrip().endswith("from 0 to 1")


def test_templates(kubectl: Kubectl, tmp_path: Path) -> None:
    roll_out(kubectl, deployment("one", 2), "deployment", "one")
    rows = '{{range .items}}{{.kind}} {{len .spec.containers}} {{(index .spec.containers 0).image}}{{"\\n"}}{{end}}'
    assert kubectl("get", "pods", "--output", f"go-template={rows}") == 2 * "Pod 1 nginx:1.27\n"
    path = '{range .items[*]}{.metadata.labels.app}{"\\t"}{.status.phase}{"\\n"}{end}'
    assert kubectl("get", "pods", "--output", f"jsonpath={path}") == 2 * "one\tRunning\n"
    (tmp_path / "short").write_text("{{.metadata.name}} has {{.spec.replicas}}")
    assert kubectl("get", "deployment/one", "--output", f"go-template-file={tmp_path / 'short'}") == "one has 2"
    (tmp_path / "path").write_text("{.metadata.name} has {.spec.replicas}")
    assert kubectl("get", "deployment/one", "--output", f"jsonpath-file={tmp_path / 'path'}") == "one has 2"
    columns = "custom-columns=NAME:.metadata.name,IMAGE:.spec.template.spec.containers[0].image"
    assert kubectl.lines("get", "deployment", "--output", columns)[1].split() == ["one", "nginx:1.27"]
    applied = kubectl("scale", "deployment/one", "--replicas=1", "--output", "jsonpath={.kind}", "--dry-run=client")
    assert applied in ("Deployment", "Scale")
    strict = "--allow-missing-template-keys=false"
    message = kubectl.run("get", "deployment/one", "--output", "template={{.none.name}}", strict)
    assert message.returncode == 1 and 'map has no entry for key "none"' in message.stderr
