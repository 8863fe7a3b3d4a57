# SPDX-License-Identifier: Apache-2.0
"""kubectl goes through folders of manifests, one of which cannot be read: the others are taken, the error is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl import Kubectl
from workloads import deployment, image, value

BROKEN = '{"apiVersion": "apps/v1", "kind": "Deployment", "ind": '


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """Two Deployments, one of them a level down beside what is broken."""
    (tmp_path / "below").mkdir()
    (tmp_path / "one.yaml").write_text(deployment("one", 1))
    (tmp_path / "below" / "two.yaml").write_text(deployment("two", 1))
    (tmp_path / "below" / "zzz.json").write_text(BROKEN)
    return str(tmp_path)


def takes_two(kubectl: Kubectl, *arguments: str) -> list[str]:
    """The lines about what could be done. That one file was broken must be told."""
    result = kubectl.run(*arguments, "--recursive")
    assert result.returncode == 1 and "unexpected EOF" in result.stderr, result.stderr
    return result.stdout.splitlines()


def test_every_verb_does_what_it_can(kubectl: Kubectl, folder: str) -> None:
    def both(text: str) -> list[str]:
        return [text.format(name=name) for name in ("two", "one")]

    def tries(text: str, *arguments: str) -> None:
        assert sorted(takes_two(kubectl, *arguments)) == sorted(both(text))

    files = ("--filename", folder)
    tries("deployment.apps/{name} created", "create", *files)
    assert len(takes_two(kubectl, "get", *files, "--output", "name")) == 2
    assert sum(line.startswith("Name: ") for line in takes_two(kubectl, "describe", *files)) == 2
    tries("deployment.apps/{name} labeled", "label", *files, "colour=green")
    tries("deployment.apps/{name} annotated", "annotate", *files, "size=large")
    tries("deployment.apps/{name} scaled", "scale", *files, "--replicas=2")
    tries("horizontalpodautoscaler.autoscaling/{name} autoscaled", "autoscale", *files, "--min=2", "--max=3")
    tries("service/{name} exposed", "expose", *files, "--port=80")
    tries("deployment.apps/{name} paused", "rollout", "pause", *files)
    tries("deployment.apps/{name} resumed", "rollout", "resume", *files)
    tries("deployment.apps/{name} restarted", "rollout", "restart", *files)
    finished = takes_two(kubectl, "rollout", "status", *files, "--timeout=25s")
    assert sum("successfully rolled out" in line for line in finished) == 2
    histories = [line for line in takes_two(kubectl, "rollout", "history", *files) if line.startswith("deployment")]
    assert len(histories) == 2
    tries("deployment.apps/{name} rolled back", "rollout", "undo", *files)
    for name in ("one", "two"):
        metadata = kubectl.object("get", "deployment", name)["metadata"]
        assert metadata["labels"]["colour"] == "green" and metadata["annotations"]["size"] == "large"
    deleted = takes_two(kubectl, "delete", *files)
    assert [line.split()[:3] for line in sorted(deleted)] == [
        ["deployment.apps", f'"{name}"', "deleted"] for name in ("one", "two")
    ]
    kubectl("wait", "deployments", "--all", "--for=delete", "--timeout=10s")


def test_a_changed_folder_is_applied(kubectl: Kubectl, folder: str) -> None:
    takes_two(kubectl, "apply", "--filename", folder)
    changed = Path(folder, "below", "two.yaml")
    changed.write_text(changed.read_text().replace("nginx:1.27", "nginx:1.29"))
    lines = takes_two(kubectl, "apply", "--filename", folder)
    assert sorted(lines) == ["deployment.apps/one unchanged", "deployment.apps/two configured"]
    assert image(kubectl, "deployment/two") == "nginx:1.29"
    changed.write_text(changed.read_text().replace("replicas: 1", "replicas: 0"))
    lines = takes_two(kubectl, "replace", "--filename", folder)
    assert sorted(lines) == ["deployment.apps/one replaced", "deployment.apps/two replaced"]
    assert value(kubectl, "deployment/two", ".spec.replicas") == "0"
