// SPDX-License-Identifier: Apache-2.0
// What is known of Endpoints and EndpointSlices.

import PodiumCodec
import PodiumRegistry

extension BuiltInKind {
    static let endpoints = BuiltInKind("endpoints", EndpointsStrategy()) { kind in
        kind.cells = { [$0.name, .string($0.endpoints), $0.age] }
        kind.deprecations = [
            "v1": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
        ]
        kind.registryPrefix = "services/endpoints"
    }

    static let endpointSlices = BuiltInKind("endpointslices", in: "discovery.k8s.io", EndpointSliceStrategy()) { kind in
        kind.cells = { $0.endpointSlice }
    }
}
