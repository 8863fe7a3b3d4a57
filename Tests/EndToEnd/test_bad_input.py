# SPDX-License-Identifier: Apache-2.0
"""Bodies that no client should send are each answered with a Status, and the server lives on."""

from __future__ import annotations

import json
import random

import pytest

from api import Answer, Api, error_of
from manifests import WEB_POD, shell_pod
from server import Server

PODS = "/api/v1/namespaces/default/pods"
MAPS = "/api/v1/namespaces/default/configmaps"
MEBIBYTE = 1 << 20


@pytest.fixture
def api(surviving_server: Server) -> Api:
    return surviving_server.api


def config_map(name: str, value: str = "x") -> str:
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"key": value}})


def is_refused(answer: Answer) -> None:
    assert 400 <= answer.status < 500, (answer.status, answer.body[:300])
    assert answer.headers["content-type"].startswith("application/json")
    error_of(answer, answer.status)


NOT_JSON = [
    b"",
    b" ",
    b"\x00",
    b"{",
    b"}",
    b"[",
    b'"',
    b"nul",
    b"{]",
    b'{"a"}',
    b'{"a":}',
    b'{"a":1,}',
    b"{'a':1}",
    b'{"a":01}',
    b'{"a":1.}',
    b'{"a":+1}',
    b'{"a":NaN}',
    b'{"a":Infinity}',
    b'{"a":"\\x"}',
    b'{"a":"\\u12"}',
    b'{"a":"\t"}',
    b'{"a":"\xff\xfe"}',
    b'{"a":"\xed\xa0\x80"}',
    b"\xef\xbb\xbf{}garbage",
    b"{} {}",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"\xff" * 1000,
    b"<html></html>",
    b"k8s\x00" + b"\x0a\xff\xff\xff\xff\x0f",
]


@pytest.mark.parametrize("body", NOT_JSON, ids=range(len(NOT_JSON)))
def test_not_json(api: Api, body: bytes) -> None:
    is_refused(api.send("POST", MAPS, body))


WRONG_SHAPE = [
    "null",
    "true",
    "17",
    '"text"',
    "[]",
    '[{"kind":"ConfigMap","apiVersion":"v1"}]',
    '{"kind":1,"apiVersion":"v1"}',
    '{"kind":"ConfigMap","apiVersion":{}}',
    '{"kind":"Secret","apiVersion":"v1","metadata":{"name":"x"}}',
    '{"kind":"ConfigMap","apiVersion":"v2","metadata":{"name":"x"}}',
    '{"kind":"ConfigMapList","apiVersion":"v1","items":[]}',
    '{"metadata":[]}',
    '{"metadata":"x"}',
    '{"metadata":{"name":7}}',
    '{"metadata":{"name":["x"]}}',
    '{"metadata":{"name":"x","labels":[]}}',
    '{"metadata":{"name":"x","labels":{"a":1}}}',
    '{"metadata":{"name":"x","labels":{"a":{}}}}',
    '{"metadata":{"name":"x","finalizers":"all"}}',
    '{"metadata":{"name":"x","generation":"one"}}',
    '{"metadata":{"name":"x","generation":1e400}}',
    '{"metadata":{"name":"x","creationTimestamp":"yesterday"}}',
    '{"metadata":{"name":"x","ownerReferences":[null,1]}}',
    '{"metadata":{"name":"x"},"data":[]}',
    '{"metadata":{"name":"x"},"data":{"a":1}}',
    '{"metadata":{"name":"x"},"binaryData":{"a":"?"}}',
    '{"metadata":{"name":"x"},"immutable":"yes"}',
]


@pytest.mark.parametrize("body", WRONG_SHAPE, ids=range(len(WRONG_SHAPE)))
def test_json_of_the_wrong_shape(api: Api, body: str) -> None:
    is_refused(api.send("POST", MAPS, body))


BAD_NAMES = [
    "",
    "-",
    "UPPER",
    "a" * 254,
    "a b",
    "a/b",
    "../../etc",
    "a\x00b",
    "a\nb",
    "%2e",
    "ä",
    "日本",
    "a..b",
    "." * 3,
    "\ud83d\ude00",
]


@pytest.mark.parametrize("name", BAD_NAMES, ids=range(len(BAD_NAMES)))
def test_bad_names(api: Api, name: str) -> None:
    error_of(api.send("POST", MAPS, config_map(name)), 422, "Invalid")


BAD_PODS = [
    {"containers": None},
    {"containers": {}},
    {"containers": [None]},
    {"containers": [[]]},
    {"containers": [{"name": "a", "image": "x", "ports": [{"containerPort": 99999999999999999999}]}]},
    {"containers": [{"name": "a", "image": "x", "ports": [{"containerPort": "eighty"}]}]},
    {"containers": [{"name": "a", "image": "x", "command": "sh"}]},
    {"containers": [{"name": "a", "image": "x", "command": [1]}]},
    {
        "containers": [
            {"name": "a", "image": "x", "env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "x.y"}}}]}
        ]
    },
    {"containers": [{"name": "a", "image": "x", "resources": {"limits": {"cpu": "many"}}}]},
    {"containers": [{"name": "a", "image": "x", "resources": {"limits": {"cpu": "-1"}}}]},
    {"containers": [{"name": "a", "image": "x", "resources": {"limits": {"cpu": []}}}]},
    {"containers": [{"name": "a", "image": "x", "livenessProbe": {"exec": {"command": ["a"]}, "periodSeconds": -1}}]},
    {"containers": [{"name": "a", "image": "x", "livenessProbe": {"httpGet": {"port": {}}}}]},
    {"containers": [{"name": "a", "image": "x"}] * 2},
    {"containers": [{"name": "a", "image": "x"}], "restartPolicy": "Sometimes"},
    {"containers": [{"name": "a", "image": "x"}], "terminationGracePeriodSeconds": 2**63},
    {"containers": [{"name": "a", "image": "x"}], "activeDeadlineSeconds": -5},
    {"containers": [{"name": "a", "image": "x"}], "nodeSelector": {"a": "b/c d"}},
    {"containers": [{"name": "a", "image": "x"}], "tolerations": [{"operator": "Perhaps"}]},
    {"containers": [{"name": "a", "image": "x"}], "volumes": [{"name": "v", "hostPath": 1}]},
    {"containers": [{"name": "a", "image": "x"}], "hostname": "-" * 64},
]


@pytest.mark.parametrize("spec", BAD_PODS, ids=range(len(BAD_PODS)))
def test_bad_pods(api: Api, spec: object) -> None:
    is_refused(api.send("POST", PODS, {"metadata": {"name": "bad"}, "spec": spec}))


BAD_YAML = [
    "a: b: c",
    "\t- x",
    "- [",
    "&a [*a]",
    "a: &a [x, *a]",
    "*undefined",
    "!!python/object/apply:os.system ['true']",
    "? {a: 1}\n: b",
    "a: 1\na: 2",
    "%YAML 9.9\n---\nx",
    "--- \n...\n--- \n",
    "x: !!binary '???'",
    "\x00",
    "{" * 50_000,
    "- " * 50_000,
    # Each line is ten times the one before: a few bytes that would fill any memory.
    "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(12)),
]


@pytest.mark.parametrize("body", BAD_YAML, ids=range(len(BAD_YAML)))
def test_bad_yaml(api: Api, body: str) -> None:
    is_refused(api.send("POST", MAPS, body, "application/yaml"))


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/json-patch+json", "x", "/", ";;;", "*/*"]
)
def test_unknown_content_types(api: Api, kind: str) -> None:
    error_of(api.send("POST", MAPS, config_map("typed"), kind), 415, "UnsupportedMediaType")


def test_unknown_accept(api: Api) -> None:
    error_of(api.send("GET", PODS, accept="image/png"), 406, "NotAcceptable")


BAD_PATCHES = [
    ("application/json-patch+json", "{}"),
    ("application/json-patch+json", "[1]"),
    ("application/json-patch+json", '[{"op":"fly","path":"/data/key"}]'),
    ("application/json-patch+json", '[{"op":"remove","path":"/data/none"}]'),
    ("application/json-patch+json", '[{"op":"test","path":"/data/key","value":"other"}]'),
    ("application/json-patch+json", '[{"op":"add","path":"/metadata/finalizers/99","value":"x"}]'),
    ("application/json-patch+json", '[{"op":"replace","path":"","value":[]}]'),
    ("application/json-patch+json", '[{"op":"replace","path":"/metadata/name","value":"other"}]'),
    ("application/json-patch+json", '[{"op":"copy","from":"/data","path":"/data/key/deep"}]'),
    ("application/merge-patch+json", "[]"),
    ("application/merge-patch+json", "null"),
    ("application/merge-patch+json", '{"data":[]}'),
    ("application/merge-patch+json", '{"metadata":{"uid":"other"}}'),
    ("application/merge-patch+json", '{"metadata":{"resourceVersion":"1"}}'),
    ("application/strategic-merge-patch+json", '{"data":7}'),
    ("application/json", "{}"),
    ("text/plain", "{}"),
]


@pytest.mark.parametrize(("kind", "body"), BAD_PATCHES, ids=range(len(BAD_PATCHES)))
def test_bad_patches(api: Api, kind: str, body: str) -> None:
    if api.send("GET", f"{MAPS}/patched").status == 404:
        api.create(MAPS, config_map("patched"))
    before = api.get(f"{MAPS}/patched")
    is_refused(api.send("PATCH", f"{MAPS}/patched", body, kind))
    assert api.get(f"{MAPS}/patched") == before


BAD_QUERIES = [
    "?limit=-1x",
    "?limit=many",
    "?continue=garbage",
    "?continue=" + "A" * 1000,
    "?labelSelector=a%3D%3D%3Db",
    "?labelSelector=(",
    "?labelSelector=a+in+",
    "?fieldSelector=a",
    "?fieldSelector=spec.nothing%3Dx",
    "?resourceVersionMatch=Sometimes",
    "?resourceVersionMatch=Exact",
    "?watch=1&timeoutSeconds=soon",
    "?sendInitialEvents=true",
]


@pytest.mark.parametrize("query", BAD_QUERIES)
def test_bad_queries(api: Api, query: str) -> None:
    is_refused(api.send("GET", PODS + query))


# Upstream has no better code for these than 500; what matters is that they are answered.
UNTRANSLATED = ["?resourceVersion=old", "?resourceVersion=-1", "?resourceVersion=99999999999999999999999"]


@pytest.mark.parametrize("query", [*UNTRANSLATED, "?watch=1&resourceVersion=x"])
def test_resource_versions_that_are_no_numbers(api: Api, query: str) -> None:
    answer = api.send("GET", PODS + query)
    error_of(answer, answer.status)


@pytest.mark.parametrize("body", ['{"$patch":"explode"}', '{"metadata":{"$setElementOrder/finalizers":{}}}'])
def test_directives_that_strategic_merge_does_not_know(api: Api, body: str) -> None:
    if api.send("GET", f"{MAPS}/directed").status == 404:
        api.create(MAPS, config_map("directed"))
    answer = api.send("PATCH", f"{MAPS}/directed", body, "application/strategic-merge-patch+json")
    error_of(answer, answer.status)


FAR_TIMES = [
    "0001-01-01T00:00:00Z",
    "1677-09-21T00:00:00Z",
    "2262-04-12T00:00:00Z",
    "2999-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "99999-01-01T00:00:00Z",
    "-1-01-01T00:00:00Z",
]


@pytest.mark.parametrize("time", FAR_TIMES)
def test_far_times(api: Api, time: str) -> None:
    """Years beyond the reach of a 64-bit count of nanoseconds are times like others."""
    pod = shell_pod("far", "true")
    pod["metadata"] |= {"creationTimestamp": time, "deletionTimestamp": time}
    pod["status"] = {"startTime": time}
    lease = {"metadata": {"name": "far"}, "spec": {"renewTime": time.replace("Z", ".000000Z")}}
    for answer in (
        api.send("POST", f"{PODS}?dryRun=All", pod),
        api.send("GET", f"{PODS}/none/log?sinceTime={time}"),
        api.send("POST", "/podium/v1/clock/advance", {"to": time}),
        api.send("POST", "/apis/coordination.k8s.io/v1/namespaces/default/leases?dryRun=All", lease),
    ):
        assert answer.status == 201 or 400 <= answer.status < 500, answer


def test_a_body_over_the_limit(api: Api) -> None:
    error_of(api.send("POST", MAPS, config_map("large", "x" * (3 * MEBIBYTE + 1))), 413, "RequestEntityTooLarge")


def test_a_config_map_over_its_own_limit(api: Api) -> None:
    error_of(api.send("POST", MAPS, config_map("large", "x" * (MEBIBYTE + 1))), 422, "Invalid")


def test_duplicate_and_unknown_fields(api: Api) -> None:
    strict = "?fieldValidation=Strict"
    twice = '{"metadata":{"name":"strict"},"data":{"a":"1","a":"2"}}'
    status = error_of(api.send("POST", MAPS + strict, twice), 400, "BadRequest")
    assert 'duplicate field "data.a"' in status["message"]
    unknown = '{"metadata":{"name":"strict"},"dta":{"a":"1"}}'
    status = error_of(api.send("POST", MAPS + strict, unknown), 400, "BadRequest")
    assert 'unknown field "dta"' in status["message"]


@pytest.mark.parametrize("seed", range(8))
def test_mutated_manifests(api: Api, seed: int) -> None:
    """Any answer will do, as long as it is one, and a refusal is a Status."""
    generator = random.Random(seed)
    sources = [
        (json.dumps(shell_pod("fuzz", "true")).encode(), "application/json"),
        (WEB_POD.encode(), "application/yaml"),
    ]
    for _ in range(40):
        text, kind = generator.choice(sources)
        body = bytearray(text)
        for _ in range(generator.randint(1, 6)):
            position = generator.randrange(len(body))
            operation = generator.randrange(4)
            if operation == 0:
                body[position] = generator.randrange(256)
            elif operation == 1:
                del body[position : position + generator.randint(1, 20)]
            elif operation == 2:
                body[position:position] = bytes(generator.choices(b'{}[]",:0-\\ \n\x00\xff', k=3))
            else:
                body[position:position] = body[position : position + 30]
        answer = api.send("POST", f"{PODS}?dryRun=All", bytes(body), kind)
        assert answer.status == 201 or 400 <= answer.status < 500, (answer.status, bytes(body), answer.body)
        if answer.status != 201:
            error_of(answer, answer.status)
