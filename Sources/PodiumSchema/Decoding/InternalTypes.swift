// SPDX-License-Identifier: Apache-2.0
// What Kubernetes calls its unversioned types, which show in the texts of decoding errors.

import PodiumMachinery

/// The unversioned types behind the kinds of the API.
enum InternalTypes {
    /// The Go type that all versions of a kind convert to: `core.Pod`, `autoscaling.Scale`.
    static func name(of kind: GroupVersionKind) -> String {
        // One event type stands behind the events of both groups.
        if kind.kind == "Event", kind.group == "events.k8s.io" { return "core.Event" }
        let package = kind.group.isEmpty ? "core" : kind.group.prefix { $0 != "." }
        return "\(package).\(kind.kind)"
    }

    /// The registry of types that a kind is looked up in, named by the place of its making.
    static func scheme(of kind: GroupVersionKind) -> String {
        switch kind.group {
        case "apiextensions.k8s.io": "k8s.io/apiextensions-apiserver/pkg/apiserver/apiserver.go:53"
        case "apiregistration.k8s.io": "k8s.io/kube-aggregator/pkg/apiserver/scheme/scheme.go:32"
        default: "pkg/api/legacyscheme/scheme.go:30"
        }
    }
}
