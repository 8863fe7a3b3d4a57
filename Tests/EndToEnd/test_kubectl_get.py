# SPDX-License-Identifier: Apache-2.0
"""`kubectl get` in its output formats."""

from __future__ import annotations

import re

import pytest
import yaml

from kubectl import PLACE, Kubectl, cells
from manifests import SETTINGS, WEB_POD

AGE = re.compile(r"^\d+[smhd](\d+[smh])?$")
ADDRESS = re.compile(r"^10\.244\.\d+\.\d+$")


@pytest.fixture
def web(kubectl: Kubectl) -> Kubectl:
    """kubectl in a namespace in which the pod `web` runs."""
    kubectl("create", "-f", "-", stdin=WEB_POD)
    kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=15s")
    return kubectl


def test_nodes(kubectl: Kubectl) -> None:
    header, *rows = kubectl.lines("get", "nodes")
    assert header.split() == ["NAME", "STATUS", "ROLES", "AGE", "VERSION"]
    assert [cells(row)[:3] for row in rows] == [[f"node-{number}", "Ready", "<none>"] for number in (1, 2, 3)]
    for row in rows:
        assert AGE.match(cells(row)[3]) and re.match(r"^v1\.36\.\d+$", cells(row)[4])


def test_nodes_wide(kubectl: Kubectl) -> None:
    header, first, *_ = kubectl.lines("get", "nodes", "-o", "wide")
    assert cells(header)[5:] == ["INTERNAL-IP", "EXTERNAL-IP", "OS-IMAGE", "KERNEL-VERSION", "CONTAINER-RUNTIME"]
    assert re.match(r"^\d+\.\d+\.\d+\.\d+$", cells(first)[5])
    assert cells(first)[6] == "<none>"
    assert cells(first)[9].startswith("containerd://")


def test_pods(web: Kubectl) -> None:
    header, row = web.lines("get", "pods")
    assert header.split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    name, ready, status, restarts, age = cells(row)
    assert (name, ready, status, restarts) == ("web", "1/1", "Running", "0")
    assert AGE.match(age)


def test_pods_wide(web: Kubectl) -> None:
    header, row = web.lines("get", "pods", "-o", "wide")
    assert cells(header)[5:] == ["IP", "NODE", "NOMINATED NODE", "READINESS GATES"]
    address, node, nominated, gates = cells(row)[5:]
    assert ADDRESS.match(address) and re.match(r"^node-[123]$", node)
    assert (nominated, gates) == ("<none>", "<none>")


def test_pods_of_all_namespaces(web: Kubectl) -> None:
    header, *rows = web.lines("get", "pods", "--all-namespaces")
    assert header.split()[:2] == ["NAMESPACE", "NAME"]
    assert [web.namespace, "web"] in [cells(row)[:2] for row in rows]


def test_labels(web: Kubectl) -> None:
    labels = cells(web.lines("get", "pods", "--show-labels")[1])[-1]
    node = web.object("get", "node", web.object("get", "pod", "web")["spec"]["nodeName"])
    place = [f"{name}={value}" for name, value in node["metadata"]["labels"].items() if name.startswith(PLACE)]
    assert len(place) == 2 and labels == ",".join(["app=web", *sorted(place)])
    header, row = web.lines("get", "pods", "-L", "app")
    assert header.split()[-1] == "APP" and cells(row)[-1] == "web"


def test_selectors(web: Kubectl) -> None:
    assert web("get", "pods", "-l", "app in (web,db)", "-o", "name") == "pod/web\n"
    assert web("get", "pods", "-l", "app!=web", "-o", "name") == ""
    assert web("get", "pods", "--field-selector", "status.phase=Running", "-o", "name") == "pod/web\n"
    result = web.run("get", "pods", "-l", "app=db")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == f"No resources found in {web.namespace} namespace.\n"


def test_json(web: Kubectl) -> None:
    pod = web.object("get", "pod", "web")
    assert (pod["apiVersion"], pod["kind"], pod["metadata"]["name"]) == ("v1", "Pod", "web")
    assert pod["status"]["phase"] == "Running"
    listed = web.object("get", "pods")
    assert (listed["kind"], [item["kind"] for item in listed["items"]]) == ("List", ["Pod"])


def test_yaml(web: Kubectl) -> None:
    pod = yaml.safe_load(web("get", "pod", "web", "-o", "yaml"))
    assert pod == web.object("get", "pod", "web")
    assert list(pod) == ["apiVersion", "kind", "metadata", "spec", "status"]


def test_jsonpath(web: Kubectl) -> None:
    assert web("get", "pods", "-o", "jsonpath={.items[*].status.phase}") == "Running"
    template = '{range .items[*]}{.metadata.name}{"\\t"}{.spec.containers[0].image}{"\\n"}{end}'
    assert web("get", "pods", "-o", f"jsonpath={template}") == "web\tnginx:1.27\n"


def test_names(web: Kubectl) -> None:
    assert web("get", "pod,serviceaccount", "-o", "name").splitlines() == ["pod/web", "serviceaccount/default"]


def test_custom_columns(web: Kubectl) -> None:
    header, row = web.lines(
        "get", "pods", "-o", "custom-columns=POD:.metadata.name,QOS:.status.qosClass,NONE:.spec.nothing"
    )
    assert header.split() == ["POD", "QOS", "NONE"]
    assert cells(row) == ["web", "BestEffort", "<none>"]


def test_go_template(web: Kubectl) -> None:
    assert web("get", "pod", "web", "-o", "go-template={{.metadata.name}} {{len .spec.containers}}") == "web 1"


def test_sort(kubectl: Kubectl) -> None:
    for name, size in (("one", "c"), ("two", "a"), ("three", "b")):
        kubectl("create", "configmap", name, f"--from-literal=size={size}")
    names = kubectl(
        "get", "configmap", "--sort-by={.data.size}", "-o", "name", "--field-selector=metadata.name!=kube-root-ca.crt"
    )
    assert names.split() == ["configmap/two", "configmap/three", "configmap/one"]


def test_several_kinds(web: Kubectl) -> None:
    web("create", "-f", "-", stdin=SETTINGS)
    output = web("get", "pod/web", "configmap/settings")
    pods, maps = output.split("\n\n")
    assert cells(pods.splitlines()[1])[0] == "pod/web"
    assert cells(maps.splitlines()[1])[:2] == ["configmap/settings", "2"]


def test_all(web: Kubectl) -> None:
    header, row = web.lines("get", "all")
    assert header.split()[0] == "NAME" and cells(row)[:3] == ["pod/web", "1/1", "Running"]


def test_services(kubectl: Kubectl) -> None:
    header, *rows = kubectl.lines("get", "services", "--namespace", "default")
    assert cells(header) == ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"]
    assert ["kubernetes", "ClusterIP", "10.96.0.1", "<none>", "443/TCP"] in [cells(row)[:5] for row in rows]


def test_namespaces(kubectl: Kubectl) -> None:
    header, *rows = kubectl.lines("get", "namespaces")
    assert header.split() == ["NAME", "STATUS", "AGE"]
    found = {cells(row)[0]: cells(row)[1] for row in rows}
    for name in ("default", "kube-system", "kube-public", "kube-node-lease", str(kubectl.namespace)):
        assert found[name] == "Active"


def test_leases_of_nodes(kubectl: Kubectl) -> None:
    _, *rows = kubectl.lines("get", "leases", "--namespace", "kube-node-lease")
    assert [cells(row)[:2] for row in rows] == [[f"node-{number}"] * 2 for number in (1, 2, 3)]


def test_missing_things(kubectl: Kubectl) -> None:
    assert kubectl.fails("get", "pod", "none") == 'Error from server (NotFound): pods "none" not found\n'
    assert kubectl.fails("get", "things") == 'error: the server doesn\'t have a resource type "things"\n'
    assert kubectl("get", "pod", "none", "--ignore-not-found") == ""


def test_raw(kubectl: Kubectl) -> None:
    assert kubectl("get", "--raw", "/readyz") == "ok"
    assert '"mode":"real"' in kubectl("get", "--raw", "/podium/v1/clock")


def test_watch(web: Kubectl) -> None:
    with web.start("get", "pods", "--watch", "--output-watch-events") as process:
        assert process.stdout is not None
        assert process.stdout.readline().split()[:2] == ["EVENT", "NAME"]
        assert cells(process.stdout.readline())[:4] == ["ADDED", "web", "1/1", "Running"]
        web("delete", "pod", "web", "--wait=false")
        seen = []
        for line in process.stdout:
            seen.append(cells(line))
            if seen[-1][0] == "DELETED":
                process.terminate()
    assert [row[3] for row in seen if row[0] == "MODIFIED"][0] == "Terminating"
    assert seen[-1][:2] == ["DELETED", "web"]


def test_chunks(kubectl: Kubectl) -> None:
    for number in range(5):
        kubectl("create", "configmap", f"number-{number}")
    names = kubectl("get", "configmaps", "--chunk-size=2", "-o", "name").split()
    assert names == ["configmap/kube-root-ca.crt", *(f"configmap/number-{number}" for number in range(5))]
