# SPDX-License-Identifier: Apache-2.0
"""What is recorded of an object: of a pod its status and a few other fields, of Events and Nodes what tells a story."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]
STATUSES = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
POD_METADATA = (
    "name",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "finalizers",
    "labels",
    "annotations",
)
CONDITION = ("type", "status", "reason", "message", "lastTransitionTime")
EVENT = (
    "type",
    "reason",
    "message",
    "count",
    "source",
    "reportingComponent",
    "firstTimestamp",
    "lastTimestamp",
    "eventTime",
    "action",
    "series",
)


def picked(value: Object, keys: tuple[str, ...]) -> Object:
    return {key: value[key] for key in keys if key in value}


def pod_metadata(pod: Object, managed_fields: bool) -> Object:
    """The metadata of a pod; who owns its fields where the scenario recorded that."""
    found = picked(pod["metadata"], POD_METADATA)
    if managed_fields and pod["metadata"].get("managedFields"):
        found["managedFields"] = sorted_managers(pod["metadata"]["managedFields"])
    return found


def sorted_managers(entries: list[Object]) -> list[Object]:
    """managedFields in an order of their own: the server sorts them by time."""
    keys = ("manager", "operation", "subresource", "apiVersion")
    return sorted(entries, key=lambda entry: [str(entry.get(key)) for key in keys])


def pod_spec(pod: Object) -> Object:
    """The parts of a pod's spec that change, or that others decide."""
    spec = pod.get("spec", {})
    ephemeral = spec.get("ephemeralContainers", [])
    regular = spec.get("initContainers", []) + spec.get("containers", [])
    found = {
        "nodeName": spec.get("nodeName"),
        "schedulingGates": spec.get("schedulingGates") or None,
        "activeDeadlineSeconds": spec.get("activeDeadlineSeconds"),
        "ephemeralContainers": [container["name"] for container in ephemeral] or None,
        "images": {container["name"]: container.get("image") for container in regular + ephemeral},
        "resources": {part["name"]: part["resources"] for part in regular if part.get("resources")} or None,
        "podResources": spec.get("resources") or None,
        "priority": spec.get("priority") or None,
    }
    return {key: value for key, value in found.items() if value is not None}


def event(value: Object) -> Object:
    """An Event without its own name, uid and times of storage."""
    regarding = value.get("involvedObject", {})
    found = {key: value.get(key) for key in EVENT}
    found["object"] = {key: regarding[key] for key in ("kind", "name", "fieldPath") if regarding.get(key)}
    found["related"] = (value.get("related") or {}).get("name")
    return {key: part for key, part in found.items() if part not in (None, {}, "")}


def node(value: Object) -> Object:
    """A Node as far as its life goes."""
    spec, conditions = value.get("spec", {}), value.get("status", {}).get("conditions", [])
    return {
        "labels": value["metadata"].get("labels", {}),
        "taints": spec.get("taints", []),
        "unschedulable": spec.get("unschedulable", False),
        "conditions": [{key: each.get(key) for key in CONDITION} for each in conditions],
    }
