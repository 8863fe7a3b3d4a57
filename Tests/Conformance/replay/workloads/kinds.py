# SPDX-License-Identifier: Apache-2.0
"""The kinds of the recordings: where they are, and which of them are looked at when."""

from __future__ import annotations

CORE, APPS, BATCH = "/api/v1", "/apis/apps/v1", "/apis/batch/v1"
# Kind: the path of its group and its plural. In this order they are watched.
KINDS = {
    "Pod": (CORE, "pods"),
    "Event": (CORE, "events"),
    "Deployment": (APPS, "deployments"),
    "ReplicaSet": (APPS, "replicasets"),
    "StatefulSet": (APPS, "statefulsets"),
    "DaemonSet": (APPS, "daemonsets"),
    "ControllerRevision": (APPS, "controllerrevisions"),
    "Job": (BATCH, "jobs"),
    "CronJob": (BATCH, "cronjobs"),
    "ReplicationController": (CORE, "replicationcontrollers"),
    "Service": (CORE, "services"),
    "Endpoints": (CORE, "endpoints"),
    "EndpointSlice": ("/apis/discovery.k8s.io/v1", "endpointslices"),
    "PersistentVolumeClaim": (CORE, "persistentvolumeclaims"),
    "PodDisruptionBudget": ("/apis/policy/v1", "poddisruptionbudgets"),
    "HorizontalPodAutoscaler": ("/apis/autoscaling/v2", "horizontalpodautoscalers"),
    "ResourceQuota": (CORE, "resourcequotas"),
    "LimitRange": (CORE, "limitranges"),
    "ServiceAccount": (CORE, "serviceaccounts"),
    "ConfigMap": (CORE, "configmaps"),
    "Secret": (CORE, "secrets"),
    "Namespace": (CORE, "namespaces"),
    "Node": (CORE, "nodes"),
    "PriorityClass": ("/apis/scheduling.k8s.io/v1", "priorityclasses"),
}
CLUSTERED = ("Namespace", "Node", "PriorityClass")
# Watched in every scenario: that none of these is there where none was recorded is worth knowing.
ALWAYS = (
    "Pod",
    "Event",
    "ReplicaSet",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ControllerRevision",
    "Job",
    "EndpointSlice",
)
# Never compared, and compared only where a scenario asks for it.
HIDDEN = ("Service", "Node")
ASKED = ("ServiceAccount", "ConfigMap", "Secret", "Namespace")
# Objects of the build that was recorded, and of no other.
FOREIGN = (("ConfigMap", "openshift-service-ca.crt"),)
# Those whose versions on the way are compared.
VERSIONED = (
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "ReplicationController",
    "PodDisruptionBudget",
    "EndpointSlice",
    "HorizontalPodAutoscaler",
    "ResourceQuota",
)
# Those that make pods with generated names.
POD_MAKERS = ("ReplicaSet", "ReplicationController", "DaemonSet", "Job")


def collection(kind: str) -> str:
    """The path of all objects of a kind in the cluster."""
    return "/".join(KINDS[kind])


def path_of(kind: str, namespace: str, name: str = "") -> str:
    """The path of an object, or of those of a namespace."""
    group, plural = KINDS[kind]
    path = f"{group}/{plural}" if kind in CLUSTERED else f"{group}/namespaces/{namespace}/{plural}"
    return f"{path}/{name}" if name else path


def watched(recorded: list[str]) -> list[str]:
    """The kinds to watch for a scenario, in the order of KINDS."""
    return [kind for kind in KINDS if kind in ALWAYS or kind in recorded]
