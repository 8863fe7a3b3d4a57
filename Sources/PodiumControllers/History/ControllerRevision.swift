// SPDX-License-Identifier: Apache-2.0
// The templates that a workload had, each kept in a ControllerRevision with a number.

import PodiumClient
import PodiumCodec
import PodiumMachinery

/// A ControllerRevision.
// Kubernetes: pkg/controller/history/controller_history.go
struct ControllerRevision: Sendable {
    let object: APIObject
    /// Its place in the history.
    let number: Int64
    private let created: Timestamp

    init(_ object: APIObject) {
        self.object = object
        number = object.value["revision"]?.integer ?? 0
        created = object.creationTimestamp ?? Timestamp(nanoseconds: 0)
    }

    var name: String { object.name }
    var labels: [String: String] { object.labels }

    /// The template that it keeps.
    var template: JSONValue {
        var template = object.value["data"]?["spec"]?["template"] ?? .emptyObject
        template[Self.directive] = nil
        return template
    }

    /// Whether what it keeps is `data`.
    func keeps(_ data: JSONValue) -> Bool { object.value["data"] == data }

    /// Whether `left` comes earlier in a history.
    // Kubernetes: pkg/controller/history/controller_history.go SortControllerRevisions
    static func precedes(_ left: ControllerRevision, _ right: ControllerRevision) -> Bool {
        if left.number != right.number { return left.number < right.number }
        return left.created == right.created ? left.name < right.name : left.created < right.created
    }

    /// What makes a strategic merge patch replace an object instead of merging it.
    private static let directive = "$patch"

    /// What a revision of `template` keeps: the patch that brings it back.
    // Kubernetes: pkg/controller/statefulset/stateful_set_utils.go getPatch
    static func data(of template: JSONValue) -> JSONValue {
        var template = template
        template[directive] = "replace"
        return TemplateHash.sorted(["spec": ["template": template]])
    }
}

/// The labels by which pods and revisions know each other.
enum RevisionLabel {
    /// On pods, and on the revisions of DaemonSets.
    static let revision = "controller-revision-hash"
    /// On the revisions of StatefulSets.
    static let hash = "controller.kubernetes.io/hash"
}

extension WorkloadPod {
    /// The name, or the hash, of the revision that its template is from.
    var revisionLabel: String { labels[RevisionLabel.revision] ?? "" }
}
