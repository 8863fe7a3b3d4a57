# SPDX-License-Identifier: Apache-2.0
"""kubectl deletes, and waits for what it is told to."""

from __future__ import annotations

import re
import time

import pytest

from kubectl import Kubectl, cells
from manifests import WEB_POD

# A container that does not care about TERM, so that the grace period matters.
STUBBORN = """
apiVersion: v1
kind: Pod
metadata: {name: stubborn, labels: {app: stubborn}}
spec:
  terminationGracePeriodSeconds: 2
  containers:
  - {name: main, image: "busybox:1.36", command: [sh, -c, "trap '' TERM; while true; do sleep 1; done"]}
"""


def check_deleted(output: str, name: str) -> None:
    """Newer versions of kubectl say from which namespace as well."""
    assert re.match(rf'^pod "{name}" (force )?deleted( from \S+ namespace)?\n$', output), output


@pytest.fixture
def stubborn(kubectl: Kubectl) -> Kubectl:
    kubectl("create", "-f", "-", stdin=STUBBORN)
    kubectl("wait", "--for=condition=Ready", "pod/stubborn", "--timeout=15s")
    return kubectl


def is_gone(kubectl: Kubectl, name: str) -> bool:
    return kubectl("get", "pod", name, "--ignore-not-found") == ""


def test_delete_waits_for_the_grace_period(stubborn: Kubectl) -> None:
    begun = time.monotonic()
    check_deleted(stubborn("delete", "pod", "stubborn"), "stubborn")
    assert 1.5 < time.monotonic() - begun < 8
    assert is_gone(stubborn, "stubborn")


def test_delete_with_a_shorter_grace_period(stubborn: Kubectl) -> None:
    stubborn("delete", "pod", "stubborn", "--grace-period=1", "--wait=false")
    pod = stubborn.object("get", "pod", "stubborn")
    assert pod["metadata"]["deletionGracePeriodSeconds"] == 1
    assert cells(stubborn.lines("get", "pod", "stubborn")[1])[2] == "Terminating"
    stubborn("wait", "--for=delete", "pod/stubborn", "--timeout=10s")


def test_delete_now(stubborn: Kubectl) -> None:
    stubborn("delete", "pod", "stubborn", "--now", "--wait=false")
    assert stubborn.object("get", "pod", "stubborn")["metadata"]["deletionGracePeriodSeconds"] == 1
    stubborn("wait", "--for=delete", "pod/stubborn", "--timeout=10s")


@pytest.mark.kubectl("1.32")
def test_delete_with_force(stubborn: Kubectl) -> None:
    result = stubborn.run("delete", "pod", "stubborn", "--force")
    check_deleted(result.stdout, "stubborn")
    assert result.stderr.startswith("Warning: Immediate deletion does not wait for confirmation")
    assert is_gone(stubborn, "stubborn")


def test_a_server_that_handles_the_signal_ends_at_once(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=WEB_POD)
    kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=15s")
    begun = time.monotonic()
    check_deleted(kubectl("delete", "pod/web"), "web")
    assert time.monotonic() - begun < 5


def test_delete_by_selector(kubectl: Kubectl) -> None:
    for name, app in (("a", "one"), ("b", "one"), ("c", "two")):
        kubectl("run", name, "--image=nginx:1.27", f"--labels=app={app}")
    lines = kubectl.lines("delete", "pods", "-l", "app=one")
    assert [line.split()[1] for line in lines] == ['"a"', '"b"']
    assert kubectl("get", "pods", "-o", "name") == "pod/c\n"
    kubectl("delete", "pods", "--all", "--now")
    assert kubectl("get", "pods", "-o", "name") == ""


def test_delete_by_file(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=WEB_POD)
    check_deleted(kubectl("delete", "-f", "-", stdin=WEB_POD), "web")
    message = kubectl.fails("delete", "-f", "-", stdin=WEB_POD)
    assert message == 'Error from server (NotFound): error when deleting "STDIN": pods "web" not found\n'
    assert kubectl("delete", "-f", "-", "--ignore-not-found", stdin=WEB_POD) == ""


def test_delete_a_namespace(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=WEB_POD)
    kubectl("create", "configmap", "settings")
    name = str(kubectl.namespace)
    assert kubectl("delete", "namespace", name) == f'namespace "{name}" deleted\n'
    assert "not found" in kubectl.fails("get", "namespace", name)
    assert kubectl("get", "pods,configmaps", "-o", "name") == ""


@pytest.mark.kubectl("1.32")
def test_a_namespace_that_ends_takes_nothing_new(kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "held")
    kubectl("patch", "configmap", "held", "--type=merge", "--patch", '{"metadata":{"finalizers":["example.com/hold"]}}')
    name = str(kubectl.namespace)
    kubectl("delete", "namespace", name, "--wait=false")
    kubectl("wait", "--for=jsonpath={.status.phase}=Terminating", f"namespace/{name}", "--timeout=10s")
    message = kubectl.fails("create", "configmap", "new")
    reason = f"unable to create new content in namespace {name} because it is being terminated"
    assert f'configmaps "new" is forbidden: {reason}' in message
    kubectl("patch", "configmap", "held", "--type=merge", "--patch", '{"metadata":{"finalizers":null}}')
    kubectl("wait", "--for=delete", f"namespace/{name}", "--timeout=15s")


@pytest.mark.kubectl("1.32")
def test_wait_for_conditions(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=WEB_POD)
    assert kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=15s") == "pod/web condition met\n"
    assert (
        kubectl("wait", "--for=condition=PodScheduled", "pod", "-l", "app=web", "--timeout=5s")
        == "pod/web condition met\n"
    )
    assert (
        kubectl("wait", "--for=jsonpath={.status.phase}=Running", "pod/web", "--timeout=5s")
        == "pod/web condition met\n"
    )
    message = kubectl.fails("wait", "--for=condition=Ready=false", "pod/web", "--timeout=1s")
    assert message == "error: timed out waiting for the condition on pods/web\n"


def test_wait_for_deletion(stubborn: Kubectl) -> None:
    with stubborn.start("wait", "--for=delete", "pod/stubborn", "--timeout=15s") as process:
        stubborn("delete", "pod", "stubborn", "--now")
        output, _ = process.communicate(timeout=15)
    assert (process.returncode, output) == (0, "pod/stubborn condition met\n")
