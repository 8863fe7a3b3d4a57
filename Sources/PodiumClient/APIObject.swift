// SPDX-License-Identifier: Apache-2.0
// An API object as controllers handle it: its tree, with names for the parts they all read.

package import PodiumCodec
package import PodiumMachinery
package import PodiumStorage
import Synchronization

/// An object read from storage, but for the account of who owns its fields. Its tree is read when it is first asked
/// for: most changes concern nobody.
package struct APIObject: Sendable {
    /// Holds on to the tree for all copies.
    // State | guarded by | why separate
    // reading | mutex | whoever asks first reads it; two that ask at once get the same
    private final class Tree: Sendable {
        private let reading = Mutex<ObjectReading?>(nil)

        func value(of object: StoredObject) -> JSONValue {
            if let reading = reading.withLock({ $0 }) { return reading.value }
            let read = object.read()
            reading.withLock { $0 = read }
            return read.value
        }
    }

    /// As it is stored.
    package let stored: StoredObject
    private let tree = Tree()

    /// An object as it was read.
    package init(_ object: StoredObject) { stored = object }

    package var key: ObjectKey { stored.key }
    /// The revision at which it was read; what a conditional write expects.
    package var revision: Revision { stored.revision }
    package var value: JSONValue { tree.value(of: stored) }
    package var name: String { key.name.name }
    package var namespace: String { key.name.namespace }
    package var metadata: JSONValue { value["metadata"] ?? .null }
    package var uid: String { stored.facts.uid }
    package var labels: [String: String] { stored.facts.labels }
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
    /// Most are not, and then their tree is not read.
    package var isTerminating: Bool {
        stored.mayHaveMetadata("deletionTimestamp") && metadata["deletionTimestamp"] != nil
    }
}

extension APIObject {
    /// The condition `type` of this object; nil when it has none.
    package func condition(_ type: String) -> JSONValue? {
        status["conditions"]?.elements.first { $0["type"]?.string == type }
    }

    /// The node of this pod; empty while it has none.
    package var nodeName: String { stored.facts.fields["spec.nodeName"] ?? "" }

    /// Whether this pod has ended for good.
    package var isTerminalPod: Bool {
        let phase = stored.facts.fields["status.phase"]
        return phase == "Succeeded" || phase == "Failed"
    }

    /// `metadata.generation`, 0 where it is not counted.
    package var generation: Int64 { metadata["generation"]?.integer ?? 0 }
}
