# SPDX-License-Identifier: Apache-2.0
"""Tokens of service accounts, as containers and strangers see them."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from typing import Any

from api import Api
from server import Server, podium_binary

# What Unix calls a wrong use of a command.
USAGE = 64
ISSUER = "https://kubernetes.default.svc"
# The beginning of what PKCS #1 puts before a SHA-256 hash.
DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def claims(api: Api, token: str) -> dict[str, Any]:
    """What a token says, when the published key has signed it."""
    head, body, signature = token.split(".")
    keys = api.get("/openid/v1/jwks")["keys"]
    header = json.loads(decoded(head))
    assert header == {"alg": "RS256", "kid": keys[0]["kid"]}
    modulus, exponent = (int.from_bytes(decoded(keys[0][name]), "big") for name in ("n", "e"))
    padded = pow(int.from_bytes(decoded(signature), "big"), exponent, modulus).to_bytes(256, "big")
    info = DIGEST_INFO + hashlib.sha256(f"{head}.{body}".encode()).digest()
    assert padded == b"\0\1" + b"\xff" * (256 - len(info) - 3) + b"\0" + info
    said = json.loads(decoded(body))
    assert isinstance(said, dict)
    return said


def review(api: Api, token: str) -> dict[str, Any]:
    body = {"spec": {"token": token}}
    status = api.create("/apis/authentication.k8s.io/v1/tokenreviews", body)["status"]
    assert isinstance(status, dict)
    return status


def run_pod(api: Api, script: str) -> str:
    """The log of a pod that ran `script`."""
    container = {"name": "c", "image": "busybox", "command": ["sh", "-c", script]}
    pods = "/api/v1/namespaces/default/pods"
    api.create(pods, {"metadata": {"name": "p"}, "spec": {"restartPolicy": "Never", "containers": [container]}})
    api.advance("2h")
    return api.send("GET", f"{pods}/p/log").body.decode()


def test_strangers_can_check_tokens(server: Server) -> None:
    next(server.api.watch(ACCOUNTS, fieldSelector="metadata.name=default", timeoutSeconds=10))
    token = server.api.create(f"{ACCOUNTS}/default/token", {"spec": {}})["status"]["token"]
    said = claims(server.api, token)
    assert (said["iss"], said["sub"], said["aud"]) == (ISSUER, "system:serviceaccount:default:default", [ISSUER])
    assert said["exp"] - said["iat"] == 3600 and said["nbf"] == said["iat"]
    assert review(server.api, token)["authenticated"] is True
    # Somebody else's signature under the same words.
    assert "authenticated" not in review(server.api, token[:-6] + "AAAAAA")


def test_the_issuer_is_described(server: Server) -> None:
    answer = server.api.send("GET", "/.well-known/openid-configuration")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "public, max-age=3600"
    assert json.loads(answer.body) == {
        "issuer": ISSUER,
        "jwks_uri": f"{server.url}/openid/v1/jwks",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }
    answer = server.api.send("GET", "/openid/v1/jwks")
    assert answer.headers["content-type"] == "application/jwk-set+json"
    (key,) = json.loads(answer.body)["keys"]
    assert {name: key[name] for name in ("use", "kty", "alg", "e")} == {
        "use": "sig", "kty": "RSA", "alg": "RS256", "e": "AQAB"
    }
    assert len(decoded(key["n"])) == 256 and len(decoded(key["kid"])) == 32


def test_containers_find_tokens_that_the_server_takes(virtual: Api) -> None:
    folder = "/var/run/secrets/kubernetes.io/serviceaccount"
    log = run_pod(virtual, f"cat {folder}/token; echo; cat {folder}/namespace; echo; sleep 3000; cat {folder}/token")
    first, namespace, second = log.split("\n")
    assert namespace == "default"
    said = claims(virtual, first)
    own = said["kubernetes.io"]
    pod = virtual.get("/api/v1/namespaces/default/pods/p")
    node = virtual.get(f"/api/v1/nodes/{pod['spec']['nodeName']}")
    account = virtual.get(f"{ACCOUNTS}/default")
    assert own == {
        "namespace": "default",
        "node": {"name": node["metadata"]["name"], "uid": node["metadata"]["uid"]},
        "pod": {"name": "p", "uid": pod["metadata"]["uid"]},
        "serviceaccount": {"name": "default", "uid": account["metadata"]["uid"]},
        "warnafter": said["iat"] + 3607,
    }
    assert said["exp"] - said["iat"] == 365 * 24 * 3600
    # The kubelet has asked for a new one after four fifths of its time.
    later = claims(virtual, second)
    assert later["iat"] == said["iat"] + 2884 and later["jti"] != said["jti"]
    user = review(virtual, second)["user"]
    assert user["extra"]["authentication.kubernetes.io/pod-name"] == ["p"]
    virtual.delete("/api/v1/namespaces/default/pods/p", {"gracePeriodSeconds": 0})
    assert "authenticated" not in review(virtual, second)


def test_a_seed_gives_the_same_tokens_and_each_cluster_its_own() -> None:
    def key(api: Api) -> str:
        return str(api.get("/openid/v1/jwks")["keys"][0]["n"])

    with Server("--nodes", "0", "--seed", "7", "--clusters") as server:
        seeded, other = key(server.api), key(Api("127.0.0.1", server.port, "/clusters/a"))
        assert seeded == key(server.api)
        described = Api("127.0.0.1", server.port, "/clusters/a").get("/.well-known/openid-configuration")
        assert described["jwks_uri"] == f"{server.url}/clusters/a/openid/v1/jwks"
    assert seeded != other
    with Server("--nodes", "0", "--seed", "7") as server:
        assert key(server.api) == seeded
    with Server("--nodes", "0", "--clock", "virtual") as server:
        unseeded = key(server.api)
    with Server("--nodes", "0", "--clock", "virtual") as server:
        assert key(server.api) != unseeded


def test_a_seed_is_for_this_machine_only() -> None:
    command = [podium_binary(), "serve", "--listen", "0.0.0.0:0", "--insecure", "--seed", "7"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert result.returncode == USAGE
    assert "whoever knows the --seed" in result.stderr
