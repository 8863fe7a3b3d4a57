// SPDX-License-Identifier: Apache-2.0
// An API object as controllers handle it: its tree, with names for the parts they all read.

package import PodiumCodec
package import PodiumMachinery
package import PodiumStorage

/// An object read from storage.
package struct APIObject: Sendable {
    package let key: ObjectKey
    /// The revision at which it was read; what a conditional write expects.
    package let revision: Revision
    package let value: JSONValue

    /// Reads the tree of a stored object.
    package init(_ object: StoredObject) {
        key = object.key
        revision = object.revision
        value = object.value()
    }

    package var name: String { key.name.name }
    package var namespace: String { key.name.namespace }
    package var metadata: JSONValue { value["metadata"] ?? .null }
    package var uid: String { metadata["uid"]?.string ?? "" }
    package var labels: [String: String] { metadata["labels"]?.stringMap ?? [:] }
    package var annotations: [String: String] { metadata["annotations"]?.stringMap ?? [:] }
    package var spec: JSONValue { value["spec"] ?? .null }
    package var status: JSONValue { value["status"] ?? .null }
    package var creationTimestamp: Timestamp? {
        metadata["creationTimestamp"]?.string.flatMap { Timestamp(rfc3339: $0) }
    }
    /// When it was asked to go; nil while it is not.
    package var deletionTimestamp: Timestamp? {
        metadata["deletionTimestamp"]?.string.flatMap { Timestamp(rfc3339: $0) }
    }
    package var isTerminating: Bool { metadata["deletionTimestamp"] != nil }
}
