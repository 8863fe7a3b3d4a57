// SPDX-License-Identifier: Apache-2.0
// What is known of ServiceAccounts.

import PodiumCodec
import PodiumRegistry

extension BuiltInKind {
    static let serviceAccounts = BuiltInKind("serviceaccounts", ServiceAccountStrategy()) { kind in
        kind.cells = { [$0.name, $0.age] }
    }
}
