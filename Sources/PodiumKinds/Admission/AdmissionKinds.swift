// SPDX-License-Identifier: Apache-2.0
// What is known of configurations of webhooks and policies.

import PodiumCodec
import PodiumRegistry

extension BuiltInKind {
    private static func webhooks(_ plural: String) -> BuiltInKind {
        BuiltInKind(
            plural,
            in: "admissionregistration.k8s.io",
            PlainStrategy(
                countsGenerations: true,
                allowsUnconditionalUpdate: false,
                defaults: { WebhookDefaults.apply(to: &$0) }
            )
        ) { kind in
            kind.cells = { $0.counted("webhooks") }
            kind.missingController = "no webhook is called"
        }
    }

    static let validatingWebhooks = webhooks("validatingwebhookconfigurations")

    static let mutatingWebhooks = webhooks("mutatingwebhookconfigurations")

    static let validatingPolicies = BuiltInKind(
        "validatingadmissionpolicies",
        in: "admissionregistration.k8s.io",
        PlainStrategy(hasStatus: true, countsGenerations: true, allowsUnconditionalUpdate: false)
    ) { kind in
        kind.cells = { $0.admissionPolicy("validations") }
        kind.missingController = "nothing is refused by it"
    }

    static let validatingPolicyBindings = BuiltInKind(
        "validatingadmissionpolicybindings",
        in: "admissionregistration.k8s.io",
        PlainStrategy(countsGenerations: true, allowsUnconditionalUpdate: false)
    ) { kind in
        kind.cells = { $0.admissionPolicyBinding }
    }
    static let mutatingPolicies = BuiltInKind(
        "mutatingadmissionpolicies",
        in: "admissionregistration.k8s.io",
        PlainStrategy(countsGenerations: true, allowsUnconditionalUpdate: false)
    ) { kind in
        kind.cells = { $0.admissionPolicy("mutations") }
        kind.missingController = "nothing is changed by it"
    }

    static let mutatingPolicyBindings = BuiltInKind(
        "mutatingadmissionpolicybindings",
        in: "admissionregistration.k8s.io",
        PlainStrategy(countsGenerations: true, allowsUnconditionalUpdate: false)
    ) { kind in
        kind.cells = { $0.admissionPolicyBinding }
    }
}
