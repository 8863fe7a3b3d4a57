// SPDX-License-Identifier: Apache-2.0
// What is known of kinds that have no rules of their own but traits.

import PodiumCodec
import PodiumRegistry

extension BuiltInKind {
    static let flowSchemas = BuiltInKind(
        "flowschemas",
        in: "flowcontrol.apiserver.k8s.io",
        PlainStrategy(hasStatus: true, countsGenerations: true, allowsUnconditionalUpdate: false)
    ) { kind in
        kind.cells = { $0.flowSchema }
    }
    static let priorityLevels = BuiltInKind(
        "prioritylevelconfigurations",
        in: "flowcontrol.apiserver.k8s.io",
        PlainStrategy(hasStatus: true, countsGenerations: true, allowsUnconditionalUpdate: false)
    ) { kind in
        kind.cells = { $0.priorityLevel }
    }
    static let apiServices = BuiltInKind(
        "apiservices",
        in: "apiregistration.k8s.io",
        PlainStrategy(hasStatus: true, allowsUnconditionalUpdate: false)
    ) { kind in
        kind.cells = { $0.apiService }
        kind.missingController = "its API is not served"
    }

    static let deviceClasses = BuiltInKind(
        "deviceclasses",
        in: "resource.k8s.io",
        PlainStrategy(countsGenerations: true, allowsUnconditionalUpdate: false)
    ) { kind in
        kind.cells = { [$0.name, $0.age] }
    }
    static let resourceSlices = BuiltInKind(
        "resourceslices",
        in: "resource.k8s.io",
        PlainStrategy(countsGenerations: true, allowsUnconditionalUpdate: false)
    ) { kind in
        kind.cells = {
            [
                $0.name, .string($0.object.text("spec", "nodeName")), .string($0.object.text("spec", "driver")),
                .string($0.object.text("spec", "pool", "name")), $0.age,
            ]
        }
    }
    static let resourceClaims = BuiltInKind("resourceclaims", in: "resource.k8s.io", PlainStrategy(hasStatus: true)) {
        kind in
        kind.cells = { [$0.name, .string($0.claimState), $0.age] }
        kind.missingController = "no device is allocated"
    }

    static let componentStatuses = BuiltInKind("componentstatuses", PlainStrategy()) { kind in
        kind.cells = { $0.componentStatus }
        kind.deprecations = ["v1": "v1 ComponentStatus is deprecated in v1.19+"]
    }
}
