// SPDX-License-Identifier: Apache-2.0
// What is known of CustomResourceDefinitions.

import PodiumRegistry

extension BuiltInKind {
    static let customResourceDefinitions = BuiltInKind(
        "customresourcedefinitions",
        in: "apiextensions.k8s.io",
        CustomResourceDefinitionStrategy()
    ) { kind in
        kind.hasOwnPreconditionTexts = true
        kind.missingController = "its objects are not served"
    }
}
