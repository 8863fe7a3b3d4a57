// SPDX-License-Identifier: Apache-2.0
// What is known of HorizontalPodAutoscalers.

import PodiumCodec
import PodiumRegistry

extension BuiltInKind {
    static let horizontalPodAutoscalers = BuiltInKind(
        "horizontalpodautoscalers",
        in: "autoscaling",
        HorizontalPodAutoscalerStrategy()
    ) { kind in
        kind.cells = { $0.autoscaler }
        kind.rechecksMetadata = false
    }
}
