# SPDX-License-Identifier: Apache-2.0
"""What is recorded of an object: what controllers decide. Lists without an order of their own are sorted."""

from __future__ import annotations

import json
from typing import Any

from ..cluster import is_ready
from ..values import copied

Object = dict[str, Any]
# Annotations of the runner itself, and one that is a time.
SKIPPED_ANNOTATIONS = ("podium.dev/", "endpoints.kubernetes.io/last-change-trigger-time")
OWNER = ("kind", "name", "uid", "controller", "blockOwnerDeletion")
# The tolerations that every pod gets.
DEFAULT_TOLERATION_SECONDS = 300
SPECS = {
    "Deployment": ("replicas", "paused", "minReadySeconds"),
    "StatefulSet": ("replicas", "paused", "minReadySeconds"),
    "DaemonSet": ("replicas", "paused", "minReadySeconds"),
    "ReplicaSet": ("replicas", "paused", "minReadySeconds"),
    "ReplicationController": ("replicas", "paused", "minReadySeconds"),
    "Job": (
        "parallelism",
        "completions",
        "suspend",
        "selector",
        "completionMode",
        "backoffLimit",
        "manualSelector",
        "podReplacementPolicy",
    ),
    "PersistentVolumeClaim": ("accessModes", "resources", "storageClassName", "volumeMode"),
    "CronJob": ("suspend", "schedule", "timeZone"),
    "HorizontalPodAutoscaler": ("minReplicas", "maxReplicas"),
}
WITH_TEMPLATE = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job")
POD_SPEC = (
    "nodeName",
    "hostname",
    "subdomain",
    "restartPolicy",
    "nodeSelector",
    "affinity",
    "schedulingGates",
    "activeDeadlineSeconds",
)


def view(kind: str, value: Object, managed_fields: bool = False) -> Object:
    """An object as it is recorded; with who owns its fields where that is recorded, too."""
    special = SPECIAL.get(kind)
    found: Object
    if special is not None:
        found = special(value)
    else:
        found = {"metadata": metadata(value), "spec": spec(kind, value), "status": status(value)}
    if managed_fields and value["metadata"].get("managedFields"):
        entries = [without_time(entry) for entry in value["metadata"]["managedFields"]]
        found["metadata"]["managedFields"] = ordered(entries)
    return found


def picked(value: Object, keys: tuple[str, ...]) -> Object:
    return {key: value[key] for key in keys if value.get(key) is not None}


def ordered(values: Any) -> list[Any]:
    """In an order of their own."""
    return sorted(values, key=lambda value: json.dumps(value, sort_keys=True))


def without_time(entry: Object) -> Object:
    return {key: value for key, value in entry.items() if key != "time"}


def annotations(metadata_: Object) -> Object:
    given = metadata_.get("annotations") or {}
    return {key: value for key, value in given.items() if not key.startswith(SKIPPED_ANNOTATIONS)}


def metadata(value: Object, generation: bool = True) -> Object:
    """Names, labels, owners and whether it is being deleted; the generation of what has one that says anything."""
    given = value["metadata"]
    found = {"name": given["name"]}
    found.update({key: given[key] for key in ("generateName", "labels", "deletionTimestamp") if given.get(key)})
    if given.get("finalizers"):
        found["finalizers"] = sorted(given["finalizers"])
    if annotations(given):
        found["annotations"] = annotations(given)
    if given.get("ownerReferences"):
        owners = [picked(owner, OWNER) for owner in given["ownerReferences"]]
        found["owners"] = sorted(owners, key=lambda owner: (owner["kind"], owner["name"]))
    if generation and given.get("generation") is not None:
        found["generation"] = given["generation"]
    return found


def spec(kind: str, value: Object) -> Object:
    """The fields of a spec that clients and controllers change."""
    given = value.get("spec") or {}
    if kind == "ResourceQuota":
        return dict(given)
    found = picked(given, SPECS.get(kind, ()))
    if kind in ("ReplicaSet", "ReplicationController"):
        found["selector"] = given.get("selector")
    if kind in WITH_TEMPLATE:
        found["template"] = template(given.get("template") or {})
    return found


def template(given: Object) -> Object:
    own = given.get("metadata") or {}
    containers = (given.get("spec") or {}).get("containers", [])
    return {
        "labels": own.get("labels") or {},
        "annotations": annotations(own),
        "images": [container.get("image") for container in containers],
    }


def status(value: Object) -> Object:
    """A status with its conditions by type, and without uids."""
    found: Object = copied(value.get("status") or {})
    if isinstance(found.get("conditions"), list):
        found["conditions"] = {
            condition["type"]: {key: part for key, part in condition.items() if key != "type" and part is not None}
            for condition in found["conditions"]
        }
    for key, uids in (found.get("uncountedTerminatedPods") or {}).items():
        found["uncountedTerminatedPods"][key] = ["<uid>"] * len(uids)
    if isinstance(found.get("active"), list):
        active = [{"kind": entry.get("kind"), "name": entry.get("name")} for entry in found["active"]]
        found["active"] = sorted(active, key=lambda entry: str(entry["name"]))
    return found


def pod(value: Object) -> Object:
    """A pod as controllers see it: what it is, where it is, and whether it lives."""
    given, state = value["spec"], value.get("status", {})
    tolerations = [
        each for each in given.get("tolerations") or [] if each.get("tolerationSeconds") != DEFAULT_TOLERATION_SECONDS
    ]
    volumes = [each for each in given.get("volumes") or [] if not each["name"].startswith("kube-api-access-")]
    optional = {
        "env": {container["name"]: environment(container) for container in given["containers"] if container.get("env")},
        "tolerations": sorted(tolerations, key=json.dumps),
        "volumes": volumes,
    }
    parts = {**picked(given, POD_SPEC), "images": [container["image"] for container in given["containers"]]}
    parts.update({key: part for key, part in optional.items() if part})
    return {"metadata": metadata(value, generation=False), "spec": parts, "status": pod_status(state, is_ready(value))}


def environment(container: Object) -> Object:
    return {variable["name"]: variable.get("value") or variable.get("valueFrom") for variable in container["env"]}


def pod_status(state: Object, ready: bool) -> Object:
    found = {"phase": state.get("phase"), "ready": ready, **{key: state[key] for key in ("reason",) if state.get(key)}}
    for condition in state.get("conditions") or []:
        if condition["type"] == "DisruptionTarget":
            found["DisruptionTarget"] = picked(condition, ("status", "reason", "message"))
    restarts = sum(container.get("restartCount", 0) for container in state.get("containerStatuses") or [])
    return {**found, "restarts": restarts} if restarts else found


def without_target_identity(entry: Object) -> Object:
    """An endpoint whose target is known by its name alone."""
    found = dict(entry)
    if isinstance(entry.get("targetRef"), dict):
        found["targetRef"] = {k: v for k, v in entry["targetRef"].items() if k not in ("uid", "resourceVersion")}
    return found


def targets(entries: list[Object] | None) -> list[Object]:
    """Endpoints in an order of their own."""
    known = map(without_target_identity, entries or [])
    return sorted(known, key=lambda entry: json.dumps(entry.get("targetRef", entry), sort_keys=True))


def endpoint_slice(value: Object) -> Object:
    return {
        "metadata": metadata(value, generation=False),
        "addressType": value.get("addressType"),
        "ports": ordered(value.get("ports") or []),
        "endpoints": targets(value.get("endpoints")),
    }


def endpoints(value: Object) -> Object:
    subsets = [
        {key: ordered(part) if key == "ports" else targets(part) for key, part in subset.items()}
        for subset in value.get("subsets") or []
    ]
    return {"metadata": metadata(value, generation=False), "subsets": ordered(subsets)}


def controller_revision(value: Object) -> Object:
    """What a revision keeps of the workload, without the values."""
    data = value.get("data") or {}
    kept = data.get("spec", {}).get("template", {})
    return {
        "metadata": metadata(value),
        "revision": value.get("revision"),
        "data": {
            "keys": sorted(data),
            "spec": sorted(data.get("spec") or {}),
            "template": sorted(kept),
            "patch": kept.get("$patch"),
            "images": [container.get("image") for container in (kept.get("spec") or {}).get("containers", [])],
        },
    }


def keyed(value: Object) -> Object:
    return {"metadata": metadata(value), "keys": sorted(value.get("data") or {})}


SPECIAL = {
    "Pod": pod,
    "EndpointSlice": endpoint_slice,
    "Endpoints": endpoints,
    "ControllerRevision": controller_revision,
    "ServiceAccount": keyed,
    "ConfigMap": keyed,
    "Secret": keyed,
}
