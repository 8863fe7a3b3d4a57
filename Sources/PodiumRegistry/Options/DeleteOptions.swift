// SPDX-License-Identifier: Apache-2.0
// How a deletion is to be done, from the query or the body of the request.

package import PodiumCodec
package import PodiumMachinery

/// The `DeleteOptions` of a request.
// Kubernetes: apimachinery/pkg/apis/meta/v1/validation/validation.go ValidateDeleteOptions
package struct DeleteOptions: Sendable {
    /// What becomes of objects that are owned by the deleted one.
    package enum Propagation: String, Sendable {
        case orphan = "Orphan"
        case background = "Background"
        case foreground = "Foreground"
    }

    package var gracePeriodSeconds: Int64?
    package var uid: String?
    package var resourceVersion: String?
    package var propagation: Propagation?
    package var isDryRun = false
    /// Who asks.
    package var user = UserInfo.anonymous

    package init() {}

    /// Reads a `DeleteOptions` object.
    /// - Throws: 422 when its values do not go together.
    package init(object: JSONValue) throws(StatusError) {
        var errors: [FieldError] = []
        gracePeriodSeconds = object["gracePeriodSeconds"]?.integer
        if let grace = gracePeriodSeconds, grace < 0 { gracePeriodSeconds = 1 }
        uid = object[path: "preconditions", "uid"]?.string
        resourceVersion = object[path: "preconditions", "resourceVersion"]?.string
        let orphan = object["orphanDependents"]?.bool
        let policy = object["propagationPolicy"]?.string
        if orphan != nil, policy != nil {
            errors.append(
                .invalid(
                    FieldPath("propagationPolicy"),
                    .string(policy ?? ""),
                    "orphanDependents and deletionPropagation cannot be both set"
                )
            )
        }
        if let policy {
            propagation = Propagation(rawValue: policy)
            if propagation == nil {
                errors.append(
                    .notSupported(
                        FieldPath("propagationPolicy"),
                        .string(policy),
                        ["Foreground", "Background", "Orphan", "nil"]
                    )
                )
            }
        } else if let orphan {
            propagation = orphan ? .orphan : .background
        }
        let dryRun = object["dryRun"]?.elements.compactMap(\.string) ?? []
        errors += DryRunOption.errors(dryRun)
        isDryRun = !dryRun.isEmpty
        if !errors.isEmpty { throw .invalid(group: "meta.k8s.io", kind: "DeleteOptions", name: "", errors) }
    }
}

/// The values of `dryRun`.
package enum DryRunOption {
    /// What is wrong with the values given.
    package static func errors(_ values: [String]) -> [FieldError] {
        if values.allSatisfy({ $0 == "All" }) { return [] }
        return [.notSupported(FieldPath("dryRun"), .array(values.map { .string($0) }), ["All"])]
    }
}
