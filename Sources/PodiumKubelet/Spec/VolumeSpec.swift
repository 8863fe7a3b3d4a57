// SPDX-License-Identifier: Apache-2.0
// A volume of a manifest.

package import PodiumCodec
import PodiumMachinery

/// A volume of a pod.
package struct VolumeSpec: Hashable, Sendable {
    package var name: String
    /// `emptyDir`, `configMap`, `hostPath`, …
    package var kind: String
    /// The object of that kind.
    package var source: JSONValue

    /// Reads an element of `volumes`.
    package init(_ value: JSONValue) {
        name = value["name"]?.string ?? ""
        let entry = value.object?.first { $0.key != "name" }
        kind = entry?.key ?? "emptyDir"
        source = entry?.value ?? .emptyObject
    }

    /// The bytes an `emptyDir` may hold; nil when there is no limit.
    package var sizeLimit: String? { kind == "emptyDir" ? source["sizeLimit"]?.string : nil }
}
