// SPDX-License-Identifier: Apache-2.0
// What pods of one template have alike.

import PodiumCodec

/// A pod without all that tells it from others of its template: what most rules of its spec look at.
struct PodWithoutName {
    /// The pod with its annotations as its only metadata.
    let value: JSONValue

    /// nil when rules of the spec ask for the pod's name: it goes into the names of claims that are made for it.
    init?(_ pod: JSONValue) {
        guard let spec = pod["spec"], (spec["resourceClaims"]?.elements ?? []).isEmpty,
            !(spec["volumes"]?.elements ?? []).contains(where: { $0["ephemeral"] != nil })
        else { return nil }
        let annotations = pod[path: "metadata", "annotations"] ?? .null
        value = ["metadata": ["annotations": annotations], "spec": spec]
    }
}
