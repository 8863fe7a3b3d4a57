# SPDX-License-Identifier: Apache-2.0
"""kubectl creates, changes and applies."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path

import pytest

from kubectl import Kubectl, own_labels
from manifests import SETTINGS, WEB_POD

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@pytest.fixture
def settings(kubectl: Kubectl) -> Kubectl:
    """kubectl in a namespace with the ConfigMap `settings`."""
    kubectl("create", "-f", "-", stdin=SETTINGS)
    return kubectl


def data(kubectl: Kubectl) -> object:
    return kubectl.object("get", "configmap", "settings")["data"]


def test_create(kubectl: Kubectl) -> None:
    assert kubectl("create", "-f", "-", stdin=WEB_POD) == "pod/web created\n"
    message = kubectl.fails("create", "-f", "-", stdin=WEB_POD)
    assert message == 'Error from server (AlreadyExists): error when creating "STDIN": pods "web" already exists\n'


def test_create_several_from_a_file(kubectl: Kubectl, tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    path.write_text(f"{WEB_POD}\n---\n{SETTINGS}")
    assert kubectl("create", "-f", str(path)) == "pod/web created\nconfigmap/settings created\n"
    assert kubectl("get", "-f", str(path), "-o", "name") == "pod/web\nconfigmap/settings\n"


@pytest.mark.kubectl("1.32")
def test_create_checks_the_fields(kubectl: Kubectl) -> None:
    manifest = SETTINGS.replace("data:", "dta:")
    message = kubectl.fails("create", "-f", "-", stdin=manifest)
    assert 'strict decoding error: unknown field "dta"' in message
    manifest = WEB_POD.replace("image: nginx:1.27", "image: 7")
    assert "cannot unmarshal number into Go struct field" in kubectl.fails("create", "-f", "-", stdin=manifest)


def test_create_refuses_what_is_invalid(kubectl: Kubectl) -> None:
    message = kubectl.fails("create", "-f", "-", stdin=WEB_POD.replace("containerPort: 80", "containerPort: 80000"))
    assert message == (
        'The Pod "web" is invalid: spec.containers[0].ports[0].containerPort: Invalid value: 80000: '
        "must be between 1 and 65535, inclusive\n"
    )


def test_dry_run_changes_nothing(kubectl: Kubectl) -> None:
    assert (
        kubectl("create", "-f", "-", "--dry-run=server", stdin=SETTINGS)
        == "configmap/settings created (server dry run)\n"
    )
    assert kubectl("create", "-f", "-", "--dry-run=client", stdin=SETTINGS) == "configmap/settings created (dry run)\n"
    assert 'configmaps "settings" not found' in kubectl.fails("get", "configmap", "settings")


def test_run(kubectl: Kubectl) -> None:
    assert (
        kubectl("run", "one", "--image=nginx:1.27", "--labels=app=one", "--env=A=b", "--port=80") == "pod/one created\n"
    )
    pod = kubectl.object("get", "pod", "one")
    assert own_labels(pod["metadata"]["labels"]) == {"app": "one"}
    (container,) = pod["spec"]["containers"]
    assert container["env"] == [{"name": "A", "value": "b"}]
    assert container["ports"] == [{"containerPort": 80, "protocol": "TCP"}]


@pytest.mark.kubectl("1.32")
def test_run_a_command_and_see_what_it_prints(kubectl: Kubectl) -> None:
    result = kubectl.run(
        "run", "greeting", "--image=busybox:1.36", "--restart=Never", "--command", "--", "echo", "hello"
    )
    assert result.returncode == 0
    kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/greeting", "--timeout=15s")
    assert kubectl("logs", "greeting") == "hello\n"


def test_apply(kubectl: Kubectl) -> None:
    assert kubectl("apply", "-f", "-", stdin=SETTINGS) == "configmap/settings created\n"
    assert kubectl("apply", "-f", "-", stdin=SETTINGS) == "configmap/settings unchanged\n"
    assert kubectl("apply", "-f", "-", stdin=SETTINGS.replace("green", "red")) == "configmap/settings configured\n"
    assert data(kubectl) == {"colour": "red", "size": "large"}


def test_apply_removes_what_was_applied_and_keeps_the_rest(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=SETTINGS)
    kubectl("patch", "configmap", "settings", "--patch", '{"data":{"foreign":"kept"}}')
    assert kubectl("apply", "-f", "-", stdin=SETTINGS.replace(", size: large", "")) == "configmap/settings configured\n"
    assert data(kubectl) == {"colour": "green", "foreign": "kept"}
    annotation = kubectl.object("get", "configmap", "settings")["metadata"]["annotations"][LAST_APPLIED]
    assert json.loads(annotation)["data"] == {"colour": "green"}


def test_apply_to_a_pod(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=WEB_POD)
    changed = WEB_POD.replace("nginx:1.27", "nginx:1.28").replace("{app: web}", "{app: web, tier: front}")
    assert kubectl("apply", "-f", "-", stdin=changed) == "pod/web configured\n"
    pod = kubectl.object("get", "pod", "web")
    assert pod["spec"]["containers"][0]["image"] == "nginx:1.28" and pod["metadata"]["generation"] == 2
    message = kubectl.fails("apply", "-f", "-", stdin=changed.replace("containerPort: 80", "containerPort: 81"))
    assert 'The Pod "web" is invalid: spec: Forbidden: pod updates may not change fields other than' in message


def test_apply_what_was_created(settings: Kubectl) -> None:
    result = settings.run("apply", "-f", "-", stdin=SETTINGS)
    assert result.stdout == "configmap/settings configured\n"
    assert "is missing the kubectl.kubernetes.io/last-applied-configuration annotation" in result.stderr


def test_diff(settings: Kubectl) -> None:
    assert settings.run("diff", "-f", "-", stdin=SETTINGS).returncode == 0
    result = settings.run("diff", "-f", "-", stdin=SETTINGS.replace("green", "red"))
    assert result.returncode == 1
    assert "-  colour: green\n" in result.stdout and "+  colour: red\n" in result.stdout


def test_replace(settings: Kubectl) -> None:
    assert settings("replace", "-f", "-", stdin=SETTINGS.replace("green", "blue")) == "configmap/settings replaced\n"
    assert data(settings) == {"colour": "blue", "size": "large"}


@pytest.fixture
def editor(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "editor"
    path.write_text("#!/bin/sh\nsed -i 's/colour: green/colour: edited/' \"$1\"\n")
    path.chmod(0o755)
    return {"KUBE_EDITOR": str(path)}


def test_edit(settings: Kubectl, editor: dict[str, str]) -> None:
    assert settings("edit", "configmap", "settings", environment=editor) == "configmap/settings edited\n"
    assert data(settings) == {"colour": "edited", "size": "large"}
    result = settings.run("edit", "configmap", "settings", environment=editor)
    assert "Edit cancelled, no changes made." in result.stdout + result.stderr


def test_patch_merges(settings: Kubectl) -> None:
    patch = '{"data":{"size":null,"colour":"red"}}'
    assert (
        settings("patch", "configmap", "settings", "--type=merge", "--patch", patch) == "configmap/settings patched\n"
    )
    assert data(settings) == {"colour": "red"}
    again = settings("patch", "configmap", "settings", "--type=merge", "--patch", patch)
    assert again == "configmap/settings patched (no change)\n"


@pytest.mark.kubectl("1.32")
def test_patch_with_operations(settings: Kubectl) -> None:
    patch = '[{"op":"replace","path":"/data/colour","value":"red"},{"op":"remove","path":"/data/size"}]'
    assert settings("patch", "configmap", "settings", "--type=json", "--patch", patch) == "configmap/settings patched\n"
    assert data(settings) == {"colour": "red"}
    message = settings.fails("patch", "configmap", "settings", "--type=json", "--patch", patch)
    assert message == "The request is invalid: the server rejected our request due to an error in our request\n"


def test_patch_strategically(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=WEB_POD)
    patch = '{"spec":{"containers":[{"name":"web","image":"nginx:1.28"}]}}'
    assert kubectl("patch", "pod", "web", "--patch", patch) == "pod/web patched\n"
    (container,) = kubectl.object("get", "pod", "web")["spec"]["containers"]
    assert container["image"] == "nginx:1.28" and container["ports"] == [{"containerPort": 80, "protocol": "TCP"}]


@pytest.mark.kubectl("1.32")
def test_label(settings: Kubectl) -> None:
    assert settings("label", "configmap", "settings", "tier=front") == "configmap/settings labeled\n"
    message = settings.fails("label", "configmap", "settings", "tier=back")
    assert message == "error: 'tier' already has a value (front), and --overwrite is false\n"
    settings("label", "--overwrite", "configmap", "settings", "tier=back")
    assert settings.object("get", "configmap", "settings")["metadata"]["labels"] == {"tier": "back"}
    assert settings("label", "configmap", "settings", "tier-") == "configmap/settings unlabeled\n"
    assert "labels" not in settings.object("get", "configmap", "settings")["metadata"]


def test_annotate(settings: Kubectl) -> None:
    assert settings("annotate", "configmap", "settings", "note=first of all") == "configmap/settings annotated\n"
    assert settings.object("get", "configmap", "settings")["metadata"]["annotations"] == {"note": "first of all"}
    settings("annotate", "configmap", "settings", "note-")
    assert "annotations" not in settings.object("get", "configmap", "settings")["metadata"]


@pytest.mark.kubectl("1.32")
def test_set_image(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=WEB_POD)
    kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=15s")
    assert kubectl("set", "image", "pod/web", "web=nginx:1.28") == "pod/web image updated\n"
    kubectl("wait", "--for=jsonpath={.status.containerStatuses[0].restartCount}=1", "pod/web", "--timeout=15s")


def test_create_config_map_and_secret(kubectl: Kubectl, tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(b"text\n")
    assert (
        kubectl("create", "configmap", "settings", f"--from-file={path}", "--from-literal=a=b")
        == "configmap/settings created\n"
    )
    assert data(kubectl) == {"file.txt": "text\n", "a": "b"}
    assert kubectl("create", "secret", "generic", "key", "--from-literal=password=12345") == "secret/key created\n"
    secret = kubectl.object("get", "secret", "key")
    assert secret["type"] == "Opaque" and b64decode(secret["data"]["password"]) == b"12345"


def test_create_namespace_and_service_account(kubectl: Kubectl) -> None:
    name = f"{kubectl.namespace}-two"[-63:].strip("-")
    assert kubectl("create", "namespace", name) == f"namespace/{name} created\n"
    assert kubectl("create", "serviceaccount", "robot") == "serviceaccount/robot created\n"
    assert kubectl("get", "serviceaccounts", "-o", "name") == "serviceaccount/default\nserviceaccount/robot\n"
    assert kubectl.object("get", "namespace", name)["status"] == {"phase": "Active"}


def test_expose(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=WEB_POD)
    assert kubectl("expose", "pod", "web", "--port=80", "--target-port=8080") == "service/web exposed\n"
    service = kubectl.object("get", "service", "web")["spec"]
    assert own_labels(service["selector"]) == {"app": "web"} and service["type"] == "ClusterIP"
    assert service["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 8080}]
    assert service["clusterIP"].startswith("10.96.")
