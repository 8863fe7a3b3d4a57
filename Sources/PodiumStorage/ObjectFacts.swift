// SPDX-License-Identifier: Apache-2.0
// The small facts of an object, read once per write, so that no filter ever parses stored bytes.

package import PodiumCodec
package import PodiumMachinery

/// The small facts of an object that selectors and printers read without parsing its bytes.
package struct ObjectFacts: Sendable {
    package var uid: String
    package var labels: [String: String]
    /// The selectable fields of its kind (`spec.nodeName`, `status.phase`, …), beside the names that its key has.
    package var fields: [String: String]

    package init(uid: String, labels: [String: String], fields: [String: String]) {
        self.uid = uid
        self.labels = labels
        self.fields = fields
    }
}

extension ObjectFacts {
    /// Reads the facts of `object`, a member of `resource`.
    package init(of object: JSONValue, in resource: GroupResource) {
        let metadata = object["metadata"]
        var fields: [String: String] = [:]
        for field in SelectableFields.beyondMetadata(of: resource) { fields[field.name] = field.read(object) }
        self.init(
            uid: metadata?["uid"]?.string ?? "",
            labels: metadata?["labels"]?.stringMap ?? [:],
            fields: fields
        )
    }
}

/// A field by which a collection can be filtered with a field selector.
package struct SelectableField: Sendable {
    /// The name in the selector, `status.phase`.
    package let name: String
    private let path: [String]
    private let fallback: String

    /// The field at `path`, by default the parts of `name`; an absent one reads as `fallback`.
    init(_ name: String, path: [String]? = nil, fallback: String = "") {
        self.name = name
        self.path = path ?? name.split(separator: ".").map(String.init)
        self.fallback = fallback
    }

    /// The value in `object`, as text.
    func read(_ object: JSONValue) -> String {
        var value: JSONValue? = object
        for key in path { value = value?[key] }
        switch value {
        case .string(let text)?: return text
        case .bool(let flag)?: return flag ? "true" : "false"
        case .integer(let number)?: return String(number)
        default: return fallback
        }
    }
}

/// Which fields select objects of which collection, beside `metadata.name` and `metadata.namespace`.
// Kubernetes: the SelectableFields and GetAttrs functions under pkg/registry/*/*/strategy.go
package enum SelectableFields {
    /// The fields of `resource` beside those of its metadata.
    package static func beyondMetadata(of resource: GroupResource) -> [SelectableField] { table[resource] ?? [] }

    private static let table: [GroupResource: [SelectableField]] = [
        .pods: [
            SelectableField("spec.nodeName"),
            SelectableField("spec.restartPolicy"),
            SelectableField("spec.schedulerName"),
            SelectableField("spec.serviceAccountName"),
            SelectableField("spec.hostNetwork", fallback: "false"),
            SelectableField("status.phase"),
            SelectableField("status.podIP"),
            // Upstream takes this one and then finds nothing in it.
            SelectableField("status.podIPs"),
            SelectableField("status.nominatedNodeName"),
        ],
        .nodes: [SelectableField("spec.unschedulable", fallback: "false")],
        .namespaces: [SelectableField("status.phase"), SelectableField("name", path: ["metadata", "name"])],
        .services: [SelectableField("spec.clusterIP"), SelectableField("spec.type")],
        .secrets: [SelectableField("type")],
        .events: eventFields,
        GroupResource(group: "events.k8s.io", resource: "events"): eventFields,
        GroupResource(group: "", resource: "replicationcontrollers"): [
            SelectableField("status.replicas", fallback: "0")
        ],
        GroupResource(group: "apps", resource: "replicasets"): [SelectableField("status.replicas", fallback: "0")],
        GroupResource(group: "batch", resource: "jobs"): [
            SelectableField("status.successful", path: ["status", "succeeded"], fallback: "0")
        ],
        GroupResource(group: "certificates.k8s.io", resource: "certificatesigningrequests"): [
            SelectableField("spec.signerName")
        ],
    ]

    private static let eventFields: [SelectableField] = [
        SelectableField("involvedObject.kind"),
        SelectableField("involvedObject.namespace"),
        SelectableField("involvedObject.name"),
        SelectableField("involvedObject.uid"),
        SelectableField("involvedObject.apiVersion"),
        SelectableField("involvedObject.resourceVersion"),
        SelectableField("involvedObject.fieldPath"),
        SelectableField("reason"),
        SelectableField("reportingComponent"),
        SelectableField("source", path: ["source", "component"]),
        SelectableField("type"),
    ]
}
