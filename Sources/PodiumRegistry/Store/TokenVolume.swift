// SPDX-License-Identifier: Apache-2.0
// The volume that each pod gets for the token of its account.

package import PodiumHost

/// The volume through which containers get the token of their pod's service account.
// Kubernetes: plugin/pkg/admission/serviceaccount/admission.go
package enum TokenVolume {
    /// What its name begins with; the rest is drawn for each pod.
    package static let namePrefix: StaticString = "kube-api-access-"

    /// A name for it.
    package static func name(_ random: RandomSource) -> String { "\(namePrefix)\(random.nameSuffix())" }
}
