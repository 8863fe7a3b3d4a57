// SPDX-License-Identifier: Apache-2.0
// The kinds that are stored although nothing acts on them yet. An entry goes when its controller comes.

import PodiumMachinery

/// What does not happen for want of a controller.
enum MissingControllers {
    /// What clients wait for in vain after they made an object of `resource`; nil when nothing is lacking.
    static func consequence(for resource: GroupResource) -> String? { table[resource.description] }

    private static let table: [String: String] = [
        "replicationcontrollers": "no pods are made",
        "deployments.apps": "no replica sets or pods are made",
        "replicasets.apps": "no pods are made",
        "statefulsets.apps": "no pods are made",
        "daemonsets.apps": "no pods are made",
        "jobs.batch": "no pods are made",
        "cronjobs.batch": "no jobs are made",
        "horizontalpodautoscalers.autoscaling": "nothing is scaled",
        "persistentvolumeclaims": "no volume is bound to it",
        "persistentvolumes": "no claim is bound to it",
        "resourcequotas": "nothing is counted",
        "certificatesigningrequests.certificates.k8s.io": "nothing is signed",
        "customresourcedefinitions.apiextensions.k8s.io": "its objects are not served",
        "apiservices.apiregistration.k8s.io": "its API is not served",
        "validatingwebhookconfigurations.admissionregistration.k8s.io": "no webhook is called",
        "mutatingwebhookconfigurations.admissionregistration.k8s.io": "no webhook is called",
        "validatingadmissionpolicies.admissionregistration.k8s.io": "nothing is refused by it",
        "mutatingadmissionpolicies.admissionregistration.k8s.io": "nothing is changed by it",
        "resourceclaims.resource.k8s.io": "no device is allocated",
    ]
}
