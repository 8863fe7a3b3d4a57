// SPDX-License-Identifier: Apache-2.0
// What an Event is about, and the Event object itself.

import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// A reference to an object, as Events carry it.
// Kubernetes: client-go/tools/reference/ref.go
package struct EventReference: Hashable, Sendable {
    package var kind: String
    package var namespace: String
    package var name: String
    package var uid: String
    package var apiVersion: String
    package var resourceVersion: String
    /// The part of the object that is meant, `spec.containers{main}`; empty for the whole.
    package var fieldPath: String

    package init(
        kind: String,
        namespace: String = "",
        name: String,
        uid: String = "",
        apiVersion: String = "",
        resourceVersion: String = "",
        fieldPath: String = ""
    ) {
        self.kind = kind
        self.namespace = namespace
        self.name = name
        self.uid = uid
        self.apiVersion = apiVersion
        self.resourceVersion = resourceVersion
        self.fieldPath = fieldPath
    }

    /// Refers to `object` as it was read.
    package init(_ object: APIObject, fieldPath: String = "") {
        self.init(
            kind: object.value["kind"]?.string ?? "",
            namespace: object.namespace,
            name: object.name,
            uid: object.uid,
            apiVersion: object.value["apiVersion"]?.string ?? "",
            resourceVersion: object.revision.description,
            fieldPath: fieldPath
        )
    }

    /// The `involvedObject`, in the member order of Kubernetes.
    var value: JSONValue {
        var value: JSONObject = [:]
        let members = [
            ("kind", kind), ("namespace", namespace), ("name", name), ("uid", uid), ("apiVersion", apiVersion),
            ("resourceVersion", resourceVersion), ("fieldPath", fieldPath),
        ]
        for (key, text) in members where !text.isEmpty { value[key] = .string(text) }
        return .object(value)
    }
}

/// The two types of Events.
package enum EventType: String, Hashable, Sendable {
    case normal = "Normal"
    case warning = "Warning"
}

/// An Event about to be written, in either of the two styles.
struct EventDraft: Hashable, Sendable {
    /// `series` of an Event of the new style.
    struct Series: Hashable, Sendable {
        var count: Int
        var lastObserved: Timestamp
    }

    var name: String
    var reference: EventReference
    var type: EventType
    var reason: String
    var message: String
    var component: String
    var host: String
    /// Set in the old style: how often, since when, until when.
    var count: Int?
    var first: Timestamp?
    var last: Timestamp?
    /// Set in the new style: when, and what was being done.
    var eventTime: Timestamp?
    var action: String?
    var related: EventReference?
    var series: Series?
    var reportingComponent: String
    var reportingInstance: String

    /// Events about cluster-scoped objects live in the namespace `default`.
    var namespace: String { reference.namespace.isEmpty ? "default" : reference.namespace }

    /// The core/v1 object.
    var value: JSONValue {
        var source: JSONObject = [:]
        if count != nil {
            if !component.isEmpty { source["component"] = .string(component) }
            if !host.isEmpty { source["host"] = .string(host) }
        }
        var value: JSONObject = [
            "kind": "Event", "apiVersion": "v1",
            "metadata": ["name": .string(name), "namespace": .string(namespace)],
            "involvedObject": reference.value, "reason": .string(reason), "message": .string(message),
            "source": .object(source),
            "firstTimestamp": first.map { .string($0.rfc3339) } ?? .null,
            "lastTimestamp": last.map { .string($0.rfc3339) } ?? .null,
        ]
        if let count { value["count"] = .integer(Int64(count)) }
        value["type"] = .string(type.rawValue)
        value["eventTime"] = eventTime.map { .string($0.rfc3339Micro) } ?? .null
        if let series { value["series"] = Self.value(of: series) }
        if let action { value["action"] = .string(action) }
        if let related { value["related"] = related.value }
        value["reportingComponent"] = .string(reportingComponent)
        value["reportingInstance"] = .string(reportingInstance)
        return .object(value)
    }

    /// The `series` member.
    static func value(of series: Series) -> JSONValue {
        ["count": .integer(Int64(series.count)), "lastObservedTime": .string(series.lastObserved.rfc3339Micro)]
    }
}
