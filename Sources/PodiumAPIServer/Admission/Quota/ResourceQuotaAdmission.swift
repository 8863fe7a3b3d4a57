// SPDX-License-Identifier: Apache-2.0
// Counts new objects against the quotas of their namespace.

package import PodiumCodec
package import PodiumMachinery
package import PodiumRegistry
import PodiumStorage

/// Refuses what exceeds a quota, and books what does not.
///
/// Bookings are conditional writes to the quota's status. What is deleted is given back by whoever recounts.
// Kubernetes: plugin/pkg/admission/resourcequota/admission.go, controller.go
package struct ResourceQuotaAdmission: AdmissionPlugin {
    package let name = "ResourceQuota"

    private static let quotas = GroupResource(group: "", resource: "resourcequotas")

    package init() {}

    package func validate(
        _ object: JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        guard attributes.operation == .create, attributes.subresource.isEmpty, !attributes.namespace.isEmpty else {
            return
        }
        let quotas = try context.storage.objects(of: Self.quotas, in: .namespace(attributes.namespace))
        if quotas.isEmpty { return }
        let usage = QuotaUsage(object: object, resource: attributes.resource.groupResource)
        var bookings: [(ObjectKey, QuotaUsage.Amounts)] = []
        for stored in quotas {
            let quota = stored.value()
            let amounts = try request(usage, quota, stored.key.name.name, attributes)
            guard !amounts.isEmpty else { continue }
            try check(amounts, quota, stored.key.name.name, object, attributes)
            bookings.append((stored.key, amounts))
        }
        guard !attributes.isDryRun else { return }
        for (key, amounts) in bookings { try book(amounts, key, object, attributes, context) }
    }

    /// What of `usage` the quota counts.
    private func request(
        _ usage: QuotaUsage,
        _ quota: JSONValue,
        _ name: String,
        _ attributes: AdmissionAttributes
    ) throws(StatusError) -> QuotaUsage.Amounts {
        let hard = quota[path: "status", "hard"]?.object ?? [:]
        guard !hard.isEmpty, usage.isInScope(of: quota) else { return [:] }
        let missing = usage.missing(of: Set(hard.keys))
        if !missing.isEmpty {
            let list = missing.map { "\($0.resource) for: \($0.containers.joined(separator: ","))" }
            let text = list.joined(separator: "; ")
            throw attributes.forbidden(usage.object, "failed quota: \(name): must specify \(text)")
        }
        let amounts = usage.amounts.filter { hard[$0.key] != nil && !$0.value.isZero }
        let used = quota[path: "status", "used"]?.object ?? [:]
        let unknown = amounts.keys.filter { used[$0] == nil }.sorted()
        if !unknown.isEmpty {
            let list = unknown.joined(separator: ",")
            throw attributes.forbidden(usage.object, "status unknown for quota: \(name), resources: \(list)")
        }
        return amounts
    }

    private func check(
        _ amounts: QuotaUsage.Amounts,
        _ quota: JSONValue,
        _ name: String,
        _ object: JSONValue,
        _ attributes: AdmissionAttributes
    ) throws(StatusError) {
        func amount(_ list: String, _ name: String) -> Quantity {
            Quantity(json: quota[path: "status", list, name]) ?? .zero
        }
        let exceeded = amounts.keys.filter { amount("used", $0) + (amounts[$0] ?? .zero) > amount("hard", $0) }.sorted()
        guard !exceeded.isEmpty else { return }
        func print(_ value: (String) -> Quantity) -> String {
            exceeded.map { "\($0)=\(value($0))" }.joined(separator: ",")
        }
        throw attributes.forbidden(
            object,
            "exceeded quota: \(name), requested: \(print { amounts[$0] ?? .zero }), "
                + "used: \(print { amount("used", $0) }), limited: \(print { amount("hard", $0) })"
        )
    }

    private func book(
        _ amounts: QuotaUsage.Amounts,
        _ key: ObjectKey,
        _ object: JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext
    ) throws(StatusError) {
        var options = WriteOptions()
        options.user = .system
        options.fieldManager = "kube-apiserver"
        let store = try context.api.store(key.resource, namespace: key.name.namespace, subresource: "status")
        do throws(StatusError) {
            _ = try store.update(key.name.name, options: options, allowsCreate: false, isPatch: true) {
                current throws(StatusError) in
                guard let current else { throw .notFound(key.resource, key.name.name) }
                var quota = current.read().value
                try check(amounts, quota, key.name.name, object, attributes)
                for (name, amount) in amounts.sorted(by: { $0.key < $1.key }) {
                    let used = Quantity(json: quota[path: "status", "used", name]) ?? .zero
                    quota[path: "status", "used", name] = (used + amount).jsonValue
                }
                return Replacement(quota)
            }
        } catch {
            // A quota that went meanwhile limits nothing.
            if error.reason != .notFound { throw error }
        }
    }
}
