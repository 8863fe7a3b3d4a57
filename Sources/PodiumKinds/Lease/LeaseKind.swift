// SPDX-License-Identifier: Apache-2.0
// What is known of Leases.

import PodiumCodec
import PodiumRegistry

extension BuiltInKind {
    static let leases = BuiltInKind("leases", in: "coordination.k8s.io", LeaseStrategy()) { kind in
        kind.cells = { [$0.name, .string($0.object.text("spec", "holderIdentity")), $0.age] }
        kind.rechecksMetadata = false
    }
}
