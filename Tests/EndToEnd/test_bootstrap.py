# SPDX-License-Identifier: Apache-2.0
"""The objects that a cluster begins with, and the options that say what they are like."""

from __future__ import annotations

import subprocess

import pytest
from api import Api, eventually
from server import Server, podium_binary

# What Unix calls a wrong use of a command.
USAGE = 64

COUNTS = {
    "/api/v1/namespaces": 4,
    "/api/v1/services": 1,
    "/api/v1/endpoints": 1,
    "/api/v1/namespaces/kube-system/configmaps": 2,
    "/apis/discovery.k8s.io/v1/endpointslices": 1,
    "/apis/networking.k8s.io/v1/servicecidrs": 1,
    "/apis/networking.k8s.io/v1/ipaddresses": 1,
    "/apis/apiregistration.k8s.io/v1/apiservices": 21,
    "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas": 13,
    "/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations": 8,
    "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases": 1,
    "/apis/scheduling.k8s.io/v1/priorityclasses": 2,
}
RBAC = "/apis/rbac.authorization.k8s.io/v1"
ROLES = {"clusterroles": 70, "clusterrolebindings": 51, "roles": 7, "rolebindings": 7}


def test_an_api_server_alone_makes_its_own_objects() -> None:
    with Server("--nodes", "0", "--controllers=") as server:
        assert {path: len(server.api.items(path)) for path in COUNTS} == COUNTS
        assert all(server.api.items(f"{RBAC}/{kind}") == [] for kind in ROLES)
        conditions = [
            service["status"]["conditions"][0] for service in server.api.items("/apis/apiregistration.k8s.io/v1/apiservices")
        ]
        assert {condition["message"] for condition in conditions} == {"Local APIServices are always available"}


def test_rbac_brings_the_roles_of_kubernetes() -> None:
    with Server("--nodes", "0", "--controllers=", "--authorization-mode", "RBAC") as server:
        assert {kind: len(server.api.items(f"{RBAC}/{kind}")) for kind in ROLES} == ROLES
        # Nobody has put it together.
        assert server.api.get(f"{RBAC}/clusterroles/admin")["rules"] is None
        assert may_list_secrets(server.api, "bootstrap-signer", "kube-system")
        assert not may_list_secrets(server.api, "bootstrap-signer", "default")


def may_list_secrets(api: Api, account: str, namespace: str) -> bool:
    spec = {
        "user": f"system:serviceaccount:kube-system:{account}",
        "resourceAttributes": {"verb": "list", "resource": "secrets", "namespace": namespace},
    }
    review = api.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", {"spec": spec})
    return bool(review["status"]["allowed"])


def test_the_seed_says_who_the_objects_are() -> None:
    with Server("--nodes", "0", "--clusters", "--clock", "virtual", "--seed", "4") as server:
        path = "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas/exempt"
        root, other = server.api.get(path), Api("127.0.0.1", server.port, "/clusters/a").get(path)
        # The same seed and the same (absent) history.
        assert root["metadata"]["uid"] == other["metadata"]["uid"]
        server.api.create("/podium/v1/reset", {})
        assert server.api.get(path)["metadata"]["uid"] == root["metadata"]["uid"]
    with Server("--nodes", "0", "--clock", "virtual", "--seed", "5") as server:
        assert server.api.get(path)["metadata"]["uid"] != root["metadata"]["uid"]


def test_services_get_addresses_of_the_range() -> None:
    with Server("--nodes", "0", "--service-cluster-ip-range", "10.0.0.0/24") as server:
        services = "/api/v1/namespaces/default/services"
        assert server.api.get(f"{services}/kubernetes")["spec"]["clusterIP"] == "10.0.0.1"
        assert server.api.get("/apis/networking.k8s.io/v1/servicecidrs/kubernetes")["spec"] == {"cidrs": ["10.0.0.0/24"]}
        spec = {"ports": [{"port": 80}]}
        chosen = server.api.create(services, {"metadata": {"name": "a"}, "spec": spec})["spec"]["clusterIP"]
        assert chosen.startswith("10.0.0.") and int(chosen.split(".")[3]) > 16
        server.api.create(services, {"metadata": {"name": "b"}, "spec": {**spec, "clusterIP": "10.0.0.12"}})
        outside = server.api.send("POST", services, {"metadata": {"name": "c"}, "spec": {**spec, "clusterIP": "10.96.0.9"}})
        assert outside.status == 422
        addresses = "/apis/networking.k8s.io/v1/ipaddresses"
        assert {item["metadata"]["name"] for item in server.api.items(addresses)} == {"10.0.0.1", "10.0.0.12", chosen}
        server.api.delete(f"{services}/a")
        assert {item["metadata"]["name"] for item in server.api.items(addresses)} == {"10.0.0.1", "10.0.0.12"}


def test_addresses_of_a_deleted_namespace_are_free() -> None:
    with Server("--nodes", "0", "--clock", "virtual") as server:
        server.api.create("/api/v1/namespaces", {"metadata": {"name": "ns"}})
        server.api.create(
            "/api/v1/namespaces/ns/services", {"metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}]}}
        )
        assert len(server.api.items("/apis/networking.k8s.io/v1/ipaddresses")) == 2
        server.api.delete("/api/v1/namespaces/ns")
        server.api.advance("1m")
        assert len(server.api.items("/apis/networking.k8s.io/v1/ipaddresses")) == 1


def test_containers_ask_for_names_at_the_tenth_address() -> None:
    with Server("--clock", "virtual", "--service-cluster-ip-range", "172.30.0.0/16") as server:
        pods = "/api/v1/namespaces/default/pods"
        command = ["sh", "-c", "cat /etc/resolv.conf; nslookup kubernetes.default.svc.cluster.local"]
        container = {"name": "c", "image": "busybox", "command": command}
        server.api.create(pods, {"metadata": {"name": "p"}, "spec": {"restartPolicy": "Never", "containers": [container]}})
        server.api.advance("1m")
        log = server.api.send("GET", f"{pods}/p/log").body.decode()
        assert "nameserver 172.30.0.10" in log
        assert "Address: 172.30.0.1\n" in log


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--disable-admission-plugins=Nope", 'disable-admission-plugins plugin "Nope" is unknown'),
        ("--enable-admission-plugins=LimitRanger,Nope", 'enable-admission-plugins plugin "Nope" is unknown'),
        ("--service-cluster-ip-range=10.0.0.0/11", "'10.0.0.0/11' is too large"),
        ("--service-cluster-ip-range=fd00::/112", "is not IPv4"),
    ],
)
def test_what_means_nothing_is_refused(argument: str, message: str) -> None:
    command = [podium_binary(), "serve", "--listen", "127.0.0.1:0", argument]
    result = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert result.returncode == USAGE
    assert message in result.stderr


def test_the_service_of_the_api_comes_again() -> None:
    name = "/namespaces/default/{}/kubernetes"
    paths = [
        "/api/v1" + name.format("services"),
        "/api/v1" + name.format("endpoints"),
        "/apis/discovery.k8s.io/v1" + name.format("endpointslices"),
    ]
    with Server("--nodes", "0") as server:
        before = {path: server.api.get(path) for path in paths}
        for path in paths:
            # With the Service its Endpoints go, too, and may be gone before they are deleted.
            assert server.api.send("DELETE", path).status in (200, 404)
        assert eventually(lambda: all(server.api.send("GET", path).status == 200 for path in paths))
        for path in paths:
            after = server.api.get(path)
            assert after["metadata"]["uid"] != before[path]["metadata"]["uid"]
            for part in ("spec", "subsets", "endpoints"):
                assert after.get(part) == before[path].get(part)
        assert len(server.api.items("/apis/networking.k8s.io/v1/ipaddresses")) == 1


def renewed(api: Api) -> str:
    """When the server last said that it lives."""
    return str(api.items("/apis/coordination.k8s.io/v1/namespaces/kube-system/leases")[0]["spec"]["renewTime"])


def test_the_server_says_that_it_lives_wherever_something_does() -> None:
    with Server("--clock", "virtual", "--nodes", "1") as server:
        started = renewed(server.api)
        for hours in ("01", "02"):
            server.api.advance("1h")
            assert renewed(server.api) == started[:11] + hours + ":00:00.000000Z"
        assert server.api.send("PUT", "/podium/v1/nodes/node-1/power", {"state": "off"}).status == 200
        server.api.advance("1h")
        assert renewed(server.api)[11:16] == "02:00"
        # Whoever deletes the Lease gets another one with the next renewal.
        assert server.api.send("PUT", "/podium/v1/nodes/node-1/power", {"state": "on"}).status == 200
        [lease] = server.api.items("/apis/coordination.k8s.io/v1/namespaces/kube-system/leases")
        server.api.delete(f"/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/{lease['metadata']['name']}")
        server.api.advance("1m")
        assert renewed(server.api)[11:16] == "03:01"


@pytest.mark.parametrize("clock", ["virtual", "100x"])
def test_where_nothing_lives_the_clock_has_nothing_to_do(clock: str) -> None:
    with Server("--clock", clock, "--nodes", "0") as server:
        if clock != "virtual":
            before = renewed(server.api)
            assert eventually(lambda: renewed(server.api) != before)
            assert server.api.send("PUT", "/podium/v1/clock", {"mode": "virtual"}).status == 200
        before = renewed(server.api)
        server.api.advance("24h")
        assert renewed(server.api) == before
        assert server.api.send("PUT", "/podium/v1/clock", {"mode": "scaled", "rate": 1000}).status == 200
        assert eventually(lambda: renewed(server.api) != before)


@pytest.mark.parametrize("modes", ["AlwaysDeny", "AlwaysAllow", "RBAC", "RBAC,AlwaysAllow", "AlwaysDeny,AlwaysAllow"])
def test_a_cluster_is_healthy_whatever_is_deleted(modes: str) -> None:
    with Server("--nodes", "0", "--controllers=", "--authorization-mode", modes) as server:
        # Before anybody has asked how it is.
        server.api.delete("/api/v1/namespaces/default/services/kubernetes")
        for name in ("system-node-critical", "system-cluster-critical"):
            server.api.send("DELETE", f"/apis/scheduling.k8s.io/v1/priorityclasses/{name}")
        if "RBAC" in modes:
            server.api.send("DELETE", f"{RBAC}/clusterroles/cluster-admin")
        for path in ("/healthz", "/livez", "/readyz"):
            answer = server.api.send("GET", f"{path}?verbose")
            assert (answer.status, b"[-]" in answer.body) == (200, False)
            assert (b"rbac/bootstrap-roles" in answer.body) == ("RBAC" in modes)
