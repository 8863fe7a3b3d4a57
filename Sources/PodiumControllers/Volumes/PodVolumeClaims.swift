// SPDX-License-Identifier: Apache-2.0
// The claims that the volumes of a pod stand for.

import PodiumClient
import PodiumCodec
import PodiumPodModel
import PodiumStorage

/// Names of claims in pods.
enum PodVolumeClaims {
    /// The names of all claims that the volumes of a pod name or stand for.
    static func names(of pod: APIObject) -> [String] {
        pod.spec["volumes"]?.elements.compactMap { volume in
            volume["persistentVolumeClaim"]?["claimName"]?.string ?? ephemeralClaim(of: volume, in: pod)
        } ?? []
    }

    /// The name of the claim that stands behind a generic ephemeral volume; nil for other volumes.
    static func ephemeralClaim(of volume: JSONValue, in pod: APIObject) -> String? {
        guard volume["ephemeral"] != nil, let name = volume["name"]?.string else { return nil }
        return VolumeClaim.name(ofEphemeral: name, of: pod.name)
    }
}
