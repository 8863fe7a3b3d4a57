// SPDX-License-Identifier: Apache-2.0
// What is known of ResourceQuotas and LimitRanges.

import PodiumCodec
import PodiumRegistry

extension BuiltInKind {
    static let resourceQuotas = BuiltInKind("resourcequotas", ResourceQuotaStrategy()) { kind in
        kind.cells = { $0.resourceQuota }
        kind.rechecksMetadata = false
    }

    static let limitRanges = BuiltInKind("limitranges", LimitRangeStrategy())
}
