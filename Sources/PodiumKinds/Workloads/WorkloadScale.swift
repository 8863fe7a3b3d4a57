// SPDX-License-Identifier: Apache-2.0
// What the scale of a workload says of its pods.

package import PodiumCodec
package import PodiumMachinery

/// The scale of a workload.
package enum WorkloadScale {
    /// Which pods are the replicas of a workload. ReplicationControllers have labels where others have a selector.
    package static func selector(of workload: JSONValue) -> LabelSelector {
        let selector = workload[path: "spec", "selector"]
        guard workload["kind"] == "ReplicationController" else { return LabelSelector(object: selector) }
        return LabelSelector(matching: selector?.stringMap ?? [:])
    }
}
