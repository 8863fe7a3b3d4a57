// SPDX-License-Identifier: Apache-2.0
// What Kubernetes calls its unversioned types, which show in the texts of decoding errors.

import PodiumMachinery

/// The unversioned types behind the kinds of the API.
enum InternalTypes {
    /// The Go type that all versions of a type convert to: `core.Pod`, `autoscaling.Scale`.
    static func name(of schema: Schema) -> String {
        let parts = schema.name.split(separator: ".")
        guard parts.count >= 3, let kind = parts.last else { return schema.name }
        // One event type stands behind the events of both groups.
        let package = kind == "Event" ? "core" : parts[parts.count - 3]
        return "\(package).\(kind)"
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
