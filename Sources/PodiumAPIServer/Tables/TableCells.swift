// SPDX-License-Identifier: Apache-2.0
// Which printer makes the cells of a kind.

import PodiumCodec
import PodiumMachinery

/// Makes the cells of one object, as many as its kind has columns.
// Kubernetes: pkg/printers/internalversion/printers.go
struct TableCells {
    let object: JSONValue
    let now: Timestamp

    /// The name of the object, the first cell of nearly every row.
    var name: JSONValue { .string(object.text("metadata", "name")) }

    /// The age of the object.
    var age: JSONValue { age(object.text("metadata", "creationTimestamp")) }

    /// The age of what an RFC 3339 text dates.
    func age(_ text: String) -> JSONValue { .string(HumanDuration.age(text, now: now)) }

    /// The phase at `status.phase`, unless the object is being deleted.
    var phase: JSONValue {
        .string(object.at(["metadata", "deletionTimestamp"]) != nil ? "Terminating" : object.text("status", "phase"))
    }

    /// The cells of kinds without columns of their own.
    var standard: [JSONValue] {
        let created = Timestamp(rfc3339: object.text("metadata", "creationTimestamp"))
        return [name, .string(created?.rfc3339 ?? "0001-01-01T00:00:00Z")]
    }

    /// The printer of a kind; nil when it has no columns of its own.
    static func printer(of resource: GroupResource) -> (@Sendable (TableCells) -> [JSONValue])? {
        printers[resource.description]
    }

    private static let printers: [String: @Sendable (TableCells) -> [JSONValue]] = core.merging(workloads) { $1 }
        .merging(network) { $1 }.merging(storage) { $1 }.merging(policy) { $1 }.merging(server) { $1 }
}
