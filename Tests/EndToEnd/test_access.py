# SPDX-License-Identifier: Apache-2.0
"""Who may do what: tokens, further clusters, the administration, and pages in browsers."""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from api import Answer, Object
from kubectl import Kubectl
from raw import exchange
from server import Server, podium_binary

TOKENS = """\
admin,admin,1,"system:masters"
clock,clock,2,clockers
maker,maker,3
nobody,nobody,4
"""
RBAC = "/apis/rbac.authorization.k8s.io/v1"
WHO_AM_I = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
SECRETS = "/api/v1/namespaces/default/secrets"
CLOCK = "/podium/v1/clock"


def send(
    server: Server, method: str, path: str, token: str = "", body: object = None, headers: dict[str, str] | None = None
) -> Answer:
    """Sends a request with the headers given, and nothing else that says who or what."""
    fields = {"Authorization": f"Bearer {token}"} if token else {}
    data = None
    if body is not None:
        data = json.dumps(body)
        fields["Content-Type"] = "application/json"
    fields |= headers or {}
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        connection.request(method, path, data, fields)
        answer = connection.getresponse()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("access") / "tokens.csv"
    path.write_text(TOKENS)
    return path


@pytest.fixture
def guarded(tokens: Path) -> Iterator[Server]:
    """With RBAC: `clock` may read the clock, `maker` may make and drop clusters called team-…"""
    arguments = ("--clusters", "--nodes", "1", "--token-auth-file", str(tokens), "--authorization-mode", "RBAC")
    with Server(*arguments, "--clock", "virtual") as server:
        grant(server, "clock", ["/podium/v1/clock"], ["get"])
        grant(server, "maker", ["/clusters/team-a", "/clusters/team-b"], ["create", "delete"])
        yield server


def grant(server: Server, user: str, paths: list[str], verbs: list[str]) -> None:
    rules = [{"nonResourceURLs": paths, "verbs": verbs}]
    role = {"metadata": {"name": user}, "rules": rules}
    assert send(server, "POST", f"{RBAC}/clusterroles", "admin", role).status == 201
    binding: Object = {
        "metadata": {"name": user},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": user},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    }
    assert send(server, "POST", f"{RBAC}/clusterrolebindings", "admin", binding).status == 201


def exists(server: Server, cluster: str) -> bool:
    """Whether there is such a cluster: asking does not make it for whom may not."""
    return send(server, "GET", f"/clusters/{cluster}/version", "nobody").status == 200


@pytest.mark.parametrize("token", ["", "wrong", "nobody", "clock"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/clusters/new/version"),
        ("GET", "/clusters/new/x"),
        ("GET", "/clusters/new/readyz"),
        ("GET", "/clusters/new/api/v1/nodes"),
        ("POST", "/clusters/new/api/v1/namespaces"),
        ("GET", "/clusters/new/podium/v1/clock"),
        ("POST", "/clusters/new/podium/v1/reset"),
        ("DELETE", "/clusters/new"),
        ("DELETE", "/clusters/new/"),
        ("DELETE", "/clusters/kept"),
        ("DELETE", "/clusters/kept/"),
        ("GET", "/clusters/kept"),
        ("POST", "/clusters/kept/podium/v1/reset"),
        ("POST", "/clusters/kept/podium/v1//reset"),
        ("POST", "/clusters/kept/podium/v1/%72eset"),
        ("PUT", "/clusters/kept/podium/v1/nodes/node-1/power"),
        ("POST", "/podium/v1/reset"),
        ("POST", "/podium/v1/reset/"),
        ("POST", "/podium/v1/%72eset"),
        ("GET", "/podium/v1/requests"),
        ("PUT", "/podium/v1/clock"),
        ("POST", "/podium/v1/clock/advance"),
        ("POST", "/podium/v1/clock%2Fadvance"),
        ("GET", "/podium/v1"),
        ("GET", "/podium/v1/nothing"),
        ("DELETE", "/clusters/Not_A_Name"),
    ],
)
def test_strangers_neither_make_nor_drop_nor_administer(guarded: Server, token: str, method: str, path: str) -> None:
    assert send(guarded, "GET", "/clusters/kept/version", "admin").status == 200
    before = send(guarded, "GET", "/clusters/kept/api/v1/namespaces/default", "admin").body
    answer = send(guarded, method, path, token, {})
    assert answer.status == (401 if token == "wrong" else 403), answer.body
    assert answer.object["kind"] == "Status"
    assert not exists(guarded, "new")
    assert send(guarded, "GET", "/clusters/kept/api/v1/namespaces/default", "admin").body == before


def test_the_root_clusters_rules_decide(guarded: Server) -> None:
    assert send(guarded, "GET", CLOCK, "clock").status == 200
    assert send(guarded, "GET", "/podium/v1/%63lock", "clock").status == 200
    assert send(guarded, "PUT", CLOCK, "clock", {"mode": "real"}).status == 403
    assert send(guarded, "GET", "/podium/v1/requests", "clock").status == 403
    # Who may make a cluster is nobody special in it.
    answer = send(guarded, "GET", "/clusters/team-a/api/v1/nodes", "maker")
    assert answer.status == 403 and "nodes is forbidden" in answer.object["message"]
    assert exists(guarded, "team-a")
    assert send(guarded, "GET", "/clusters/team-a/podium/v1/clock", "maker").status == 403
    assert send(guarded, "GET", "/clusters/other/version", "maker").status == 403
    assert not exists(guarded, "other")
    assert send(guarded, "DELETE", "/clusters/team-b", "maker").status == 404
    assert send(guarded, "DELETE", "/clusters/team-a", "maker").status == 200
    assert not exists(guarded, "team-a")
    message = send(guarded, "DELETE", "/clusters/prod", "nobody").object["message"]
    assert message == 'forbidden: User "nobody" cannot delete path "/clusters/prod"'


def test_a_clusters_own_rules_and_tokens_stay_in_it(guarded: Server) -> None:
    """The rules of a further cluster say nothing about its administration, and its tokens are nobody's elsewhere."""
    assert send(guarded, "GET", "/clusters/prod/version", "admin").status == 200
    rules = [{"nonResourceURLs": ["*"], "verbs": ["*"]}]
    role = {"metadata": {"name": "all"}, "rules": rules}
    assert send(guarded, "POST", f"/clusters/prod{RBAC}/clusterroles", "admin", role).status == 201
    binding = {
        "metadata": {"name": "all"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "all"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "nobody"}],
    }
    assert send(guarded, "POST", f"/clusters/prod{RBAC}/clusterrolebindings", "admin", binding).status == 201
    assert send(guarded, "GET", "/clusters/prod/podium/v1/clock", "nobody").status == 403
    assert send(guarded, "DELETE", "/clusters/prod", "nobody").status == 403
    request = {"spec": {"audiences": []}}
    path = "/api/v1/namespaces/default/serviceaccounts/default/token"
    token = send(guarded, "POST", f"/clusters/prod{path}", "admin", request).object["status"]["token"]
    assert send(guarded, "GET", "/clusters/prod/version", token).status == 200
    for path in ("/version", CLOCK, "/clusters/prod/podium/v1/clock", "/clusters/new/version"):
        assert send(guarded, "GET", path, token).status == 401
    assert send(guarded, "DELETE", "/clusters/prod", token).status == 401


def test_many_requests_of_nobody_make_nothing(guarded: Server) -> None:
    def memory() -> int:
        text = Path(f"/proc/{guarded.process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0])

    before = memory()
    for index in range(300):
        assert send(guarded, "GET", f"/clusters/x{index}/x").status == 403
    assert memory() - before < 10_000


@pytest.mark.parametrize("modes", ["AlwaysAllow", "RBAC,AlwaysAllow", "AlwaysAllow,AlwaysDeny"])
def test_a_token_file_keeps_strangers_out(tokens: Path, modes: str) -> None:
    """Where everything is allowed, who does not say who he is may only ask for health."""
    with Server("--clusters", "--token-auth-file", str(tokens), "--authorization-mode", modes) as server:
        for method, path in [
            ("GET", SECRETS), ("POST", SECRETS), ("GET", "/version"), ("GET", "/api"), ("POST", "/podium/v1/reset"),
            ("GET", CLOCK), ("DELETE", "/clusters/x"), ("GET", "/clusters/x/readyz"), ("GET", "/nothing"),
        ]:  # fmt: skip
            assert send(server, method, path, "", {}).status == 401, path
            assert send(server, method, path, "wrong", {}).status == 401, path
        for path in ("/readyz", "/livez", "/healthz", "/readyz?verbose"):
            assert send(server, "GET", path).status == 200
        assert send(server, "GET", SECRETS, "nobody").status == 200
        assert send(server, "GET", CLOCK, "nobody").status == 200
        assert send(server, "GET", "/clusters/x/version", "nobody").status == 200
        assert send(server, "GET", "/clusters/x/readyz").status == 200


def test_several_modes_allow_what_one_allows(tokens: Path) -> None:
    with Server("--token-auth-file", str(tokens), "--authorization-mode", "AlwaysDeny,RBAC") as server:
        assert send(server, "GET", SECRETS, "admin").status == 200
        message = send(server, "GET", SECRETS, "nobody").object["message"]
        assert message.endswith('in the namespace "default": Everything is forbidden.')
        assert send(server, "POST", WHO_AM_I, "nobody", {}).status == 201


# --- The command line


def refused(*arguments: str) -> str:
    result = subprocess.run(
        [podium_binary(), "serve", "--listen", "127.0.0.1:0", *arguments], capture_output=True, text=True, timeout=20
    )
    assert result.returncode == 64, result
    return result.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "there is no token in it"),
        (b"\n\n\n", "there is no token in it"),
        (b"\xef\xbb\xbf", "there is no token in it"),
        (b",user,1\n", "there is no token in it"),
        (b"\xff\xfet\x00,\x00u\x00", "it is not UTF-8"),
        (b"t,\xff,1\n", "it is not UTF-8"),
        (b"t\xc3,u,1\n", "it is not UTF-8"),
        (b" t , u , 1\n", "line 1: no client can send a token with blanks"),
        (b"x,y,z\n# tokens\n", "line 2: a token needs at least 3 columns"),
    ],
)
def test_token_files_that_hold_no_token(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "tokens.csv"
    path.write_bytes(content)
    error = refused("--token-auth-file", str(path))
    assert message in error and str(path) in error


def test_a_directory_holds_no_token(tmp_path: Path) -> None:
    assert "Is a directory" in refused("--token-auth-file", str(tmp_path))


def test_a_byte_order_mark_is_no_part_of_a_token(tmp_path: Path) -> None:
    path = tmp_path / "tokens.csv"
    path.write_bytes(b"\xef\xbb\xbft,u,1\r\n")
    with Server("--token-auth-file", str(path)) as server:
        assert send(server, "POST", WHO_AM_I, "t", {}).object["status"]["userInfo"]["username"] == "u"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--authorization-mode", "RBAC,rbac"], "one or more of"),
        (["--authorization-mode", "RBAC,"], "one or more of"),
        (["--authorization-mode="], "one or more of"),
        (["--authorization-mode", "RBAC,RBAC"], "more than once"),
        (["--authorization-mode", "Webhook"], "a server that decides"),
        (["--authorization-mode", "RBAC,ABAC"], "a policy file"),
        (["--allow-host", "a:80"], "without a port"),
        (["--allow-host", "http://a"], "without a port"),
        (["--allow-origin", "example.com"], "without a path"),
        (["--allow-origin", "http://example.com/"], "without a path"),
        (["--allow-origin", "*"], "without a path"),
        (["--allow-origin", "null"], "without a path"),
    ],
)
def test_what_is_refused(arguments: list[str], message: str) -> None:
    assert message in refused(*arguments)


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", ":0", "0:0"])
def test_addresses_that_others_reach_must_be_meant(address: str) -> None:
    assert "--insecure" in refused("--listen", address)
    if address not in ("0.0.0.0:0", ":0"):
        return
    with Server("--insecure", listen=address) as server:
        assert send(server, "GET", "/version", headers={"Host": "anybody.example.com"}).status == 200


@pytest.mark.parametrize("closing_words", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_standard_descriptors_are_opened(closing_words: str, tmp_path: Path) -> None:
    """No socket takes their place: a line that is printed would be written to it."""
    address = tmp_path / "podium.sock"
    command = f"exec '{podium_binary()}' serve --listen unix:{address} --log-level trace {closing_words}"
    process = subprocess.Popen(["sh", "-c", command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(1000):
            if address.exists():
                break
            process.poll()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.01)
        links = [os.readlink(f"/proc/{process.pid}/fd/{number}") for number in range(3)]
        assert not [link for link in links if link.startswith(("socket:", "anon_inode:"))], links
    finally:
        process.terminate()
        assert process.wait(10) == 0


# --- Browsers

PAGE = {"Origin": "http://evil.example.com", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}


@pytest.fixture(scope="module")
def local() -> Iterator[Server]:
    arguments = ("--allow-host", "podium.example.com", "--allow-host", "other", "--allow-origin", "http://ui:3000")
    with Server("--nodes", "0", *arguments, "--allow-origin", "https://console.example.com") as server:
        yield server


@pytest.mark.parametrize("headers", [PAGE, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.com"}])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/podium/v1/reset"),
        ("POST", "/api/v1/namespaces/default/configmaps"),
        ("GET", SECRETS),
        ("DELETE", "/api/v1/namespaces/default"),
        ("OPTIONS", SECRETS),
        ("GET", "/readyz"),
    ],
)
def test_pages_stay_out(local: Server, headers: dict[str, str], method: str, path: str) -> None:
    answer = send(local, method, path, headers=headers)
    assert answer.status == 403 and "--allow-" in answer.object["message"]
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_friends_come_in(local: Server) -> None:
    for host in ("podium.example.com:1", "other", "host.docker.internal", "x.localhost"):
        assert send(local, "GET", "/version", headers={"Host": host}).status == 200
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert send(local, "GET", "/version", headers=link).status == 200
    for origin in ("http://ui:3000", "https://console.example.com"):
        headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
        preflight = send(local, "OPTIONS", SECRETS, headers=headers | {"Access-Control-Request-Method": "PUT"})
        assert preflight.status == 204 and "PUT" in preflight.headers["access-control-allow-methods"]
        for path, status in [(SECRETS, 200), ("/api/v1/nothing", 404)]:
            answer = send(local, "GET", path, headers=headers)
            assert answer.status == status and answer.headers["access-control-allow-origin"] == origin


def test_a_unix_socket_goes_by_any_name(tmp_path: Path) -> None:
    path = tmp_path / "podium.sock"
    command = [podium_binary(), "serve", "--nodes", "0", "--listen", f"unix:{path}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline()
        try:
            for host in ("podium", "evil.example.com", ""):
                connection = http.client.HTTPConnection("unix")
                connection.sock = socket.socket(socket.AF_UNIX)
                connection.sock.connect(str(path))
                connection.request("GET", "/version", headers={"Host": host})
                assert connection.getresponse().status == 200
                connection.close()
        finally:
            process.terminate()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Content-Type": "application/json"}, 200),
        ({"Content-Type": "Application/JSON; charset=utf-8"}, 200),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
        ({"Content-Type": "application/jsonx"}, 415),
        ({"Sec-Fetch-Site": "same-site"}, 415),
        ({"Sec-Fetch-Dest": "empty"}, 415),
        ({"Origin": "http://ui:3000"}, 415),
        ({"Origin": "http://ui:3000", "Content-Type": "application/json"}, 200),
    ],
)
def test_the_administration_takes_json(local: Server, headers: dict[str, str], status: int) -> None:
    answer = send(local, "POST", "/podium/v1/reset", headers=headers)
    assert answer.status == status
    if status == 415:
        assert "application/json" in answer.object["message"]


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ("application/json", "application/json", 200),
        ("application/json", "text/plain", 415),
        ("text/plain", "application/json", 415),
        ("", "text/plain", 415),
    ],
)
def test_two_content_types_must_both_be_json(local: Server, first: str, second: str, status: int) -> None:
    lines = f"POST /podium/v1/reset HTTP/1.1\r\nHost: localhost\r\nContent-Type: {first}\r\nContent-Type: {second}\r\n"
    answer = exchange(local.port, f"{lines}Content-Length: 0\r\nConnection: close\r\n\r\n".encode(), "POST")
    assert answer and answer.status == status


def test_kubectl_sends_raw_requests(home: Path) -> None:
    with Server("--clock", "virtual", "--nodes", "0") as server:
        kubectl = Kubectl(home)
        body = home / "advance.json"
        body.write_text('{"by":"1s"}')
        arguments = ("--server", server.url, "create", "--raw", "/podium/v1/clock/advance", "-f", str(body))
        assert json.loads(kubectl(*arguments))["resourceVersion"]


# --- Certificates


def test_kubectl_approves_certificates(home: Path, tmp_path: Path) -> None:
    """Who asked is said by the server; the request is as openssl makes it."""
    command = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subject = ["-keyout", str(tmp_path / "key"), "-subj", "/O=devs/CN=jane"]
    pem = subprocess.run([*command, *subject], capture_output=True, check=True).stdout
    request = {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": "jane"},
        "spec": {
            "request": base64.b64encode(pem).decode(),
            "signerName": "example.com/signer",
            "usages": ["client auth"],
            "username": "evil",
            "groups": ["system:masters"],
        },
    }
    path = tmp_path / "request.json"
    path.write_text(json.dumps(request))
    with Server("--nodes", "0") as server:
        kubectl = Kubectl(home)
        where = ("--server", server.url)
        kubectl(*where, "create", "-f", str(path), "--as", "jane", "--as-group", "devs")
        assert kubectl(*where, "get", "csr", "jane", "--no-headers").split()[-3:] == ["jane", "<none>", "Pending"]
        kubectl(*where, "certificate", "approve", "jane")
        assert kubectl(*where, "get", "csr", "jane", "--no-headers").split()[-1] == "Approved"
        spec = server.api.get("/apis/certificates.k8s.io/v1/certificatesigningrequests/jane")["spec"]
        assert spec["username"] == "jane" and spec["groups"] == ["devs", "system:authenticated"]
