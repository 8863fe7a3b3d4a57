// SPDX-License-Identifier: Apache-2.0
// What the cells of tables are made of.

package import PodiumCodec
package import PodiumMachinery

/// Makes the cells of one object, as many as its kind has columns.
// Kubernetes: pkg/printers/internalversion/printers.go
package struct TableCells: Sendable {
    package let object: JSONValue
    package let now: Timestamp

    package init(object: JSONValue, now: Timestamp) {
        self.object = object
        self.now = now
    }

    /// The name of the object, the first cell of nearly every row.
    package var name: JSONValue { .string(object.text("metadata", "name")) }

    /// The age of the object.
    package var age: JSONValue { age(object.text("metadata", "creationTimestamp")) }

    /// The age of what an RFC 3339 text dates.
    package func age(_ text: String) -> JSONValue { .string(HumanDuration.age(text, now: now)) }

    /// The phase at `status.phase`, unless the object is being deleted.
    package var phase: JSONValue {
        .string(object.at(["metadata", "deletionTimestamp"]) != nil ? "Terminating" : object.text("status", "phase"))
    }

    /// The cells of kinds without columns of their own.
    package var standard: [JSONValue] {
        let created = Timestamp(rfc3339: object.text("metadata", "creationTimestamp"))
        return [name, .string(created?.rfc3339 ?? "0001-01-01T00:00:00Z")]
    }
}
