// SPDX-License-Identifier: Apache-2.0
// Counts new objects against the quotas of their namespace.

import OrderedCollections
package import PodiumCodec
import PodiumHost
import PodiumKinds
package import PodiumMachinery
import PodiumPodModel
package import PodiumRegistry
import PodiumStorage

/// Refuses what exceeds a quota, and books what does not.
///
/// Bookings are conditional writes to the quota's status. What is deleted is given back by whoever recounts.
// Kubernetes: apiserver/pkg/admission/plugin/resourcequota/admission.go, controller.go
package struct ResourceQuotaAdmission: AdmissionPlugin {
    package let name = "ResourceQuota"

    package init() {}

    package func validate(
        _ object: JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        guard !attributes.namespace.isEmpty, attributes.resource.groupResource != .namespaces,
            let evaluator = QuotaEvaluator(attributes.resource.groupResource),
            evaluator.handles(attributes.operation, subresource: attributes.subresource)
        else { return }
        let quotas = try context.storage.objects(of: .resourceQuotas, in: .namespace(attributes.namespace))
        if quotas.isEmpty { return }
        let request = QuotaRequest(object, evaluator, attributes, now: context.host.clock.now)
        var concerned: [QuotaState] = []
        for quota in quotas.map({ QuotaState($0) }) where try request.concerns(quota) { concerned.append(quota) }
        if request.amounts.isEmpty { return }
        for quota in concerned { try request.check(quota) }
        guard !attributes.isDryRun else { return }
        for quota in concerned { try book(request, quota.key, context) }
    }

    private func book(_ request: QuotaRequest, _ key: ObjectKey, _ context: StrategyContext) throws(StatusError) {
        var options = WriteOptions()
        options.user = .system
        options.fieldManager = "kube-apiserver"
        let store = try context.api.store(key.resource, namespace: key.name.namespace, subresource: "status")
        do throws(StatusError) {
            _ = try store.update(key.name.name, options: options, allowsCreate: false, isPatch: true) {
                current throws(StatusError) in
                guard let current else { throw .notFound(key.resource, key.name.name) }
                let quota = QuotaState(current)
                try request.check(quota)
                let booked = request.booked(on: quota)
                return booked == quota.value ? nil : Replacement(booked)
            }
        } catch {
            // A quota that went meanwhile limits nothing.
            if error.reason != .notFound { throw error }
        }
    }
}

/// A quota as it is now.
private struct QuotaState {
    let key: ObjectKey
    let value: JSONValue
    /// What is limited and to how much, as far as the count is about it.
    let hard: ResourceList
    let used: ResourceList

    init(_ stored: StoredObject) {
        key = stored.key
        value = stored.read().value
        hard = ResourceList(json: value[path: "status", "hard"])
        used = ResourceList(json: value[path: "status", "used"])
    }

    var name: String { key.name.name }
}

/// What a request uses up.
private struct QuotaRequest {
    private let object: JSONValue
    private let evaluator: QuotaEvaluator
    private let attributes: AdmissionAttributes
    /// More than nothing of each.
    let amounts: ResourceList

    init(_ object: JSONValue, _ evaluator: QuotaEvaluator, _ attributes: AdmissionAttributes, now: Timestamp) {
        self.object = object
        self.evaluator = evaluator
        self.attributes = attributes
        var amounts = evaluator.usage(of: object, now: now)
        // What an update gives back is not taken account of here.
        if attributes.operation == .update, let old = attributes.oldObject {
            for (name, amount) in evaluator.usage(of: old, now: now) {
                if let new = amounts[name] { amounts[name] = max(.zero, new - amount) }
            }
        }
        self.amounts = amounts.filter { !$0.value.isZero }
    }

    /// Whether a quota is about the object.
    /// - Throws: 403 when it cannot be told whether that keeps to the quota.
    // Kubernetes: apiserver/pkg/admission/plugin/resourcequota/controller.go CheckRequest
    func concerns(_ quota: QuotaState) throws(StatusError) -> Bool {
        let names = Array(quota.hard.keys).filter(evaluator.counts)
        guard !names.isEmpty, evaluator.isInScope(object, of: quota.value["spec"]) else { return false }
        if let missing = evaluator.missing(of: names, in: object) {
            throw attributes.forbidden(object, "failed quota: \(quota.name): \(missing)")
        }
        let unknown = names.filter { quota.used[$0] == nil }.sorted()
        if !unknown.isEmpty {
            let list = unknown.joined(separator: ",")
            throw attributes.forbidden(object, "status unknown for quota: \(quota.name), resources: \(list)")
        }
        return true
    }

    private func requested(of quota: QuotaState) -> ResourceList { amounts.filter { quota.hard[$0.key] != nil } }

    /// - Throws: 403 when the quota has not enough left.
    func check(_ quota: QuotaState) throws(StatusError) {
        let requested = requested(of: quota)
        let exceeded = Array(requested.keys).filter { name in
            (quota.used[name] ?? .zero) + (requested[name] ?? .zero) > quota.hard[name] ?? .zero
        }.sorted()
        if exceeded.isEmpty { return }
        func print(_ list: ResourceList) -> String {
            exceeded.map { "\($0)=\(list[$0] ?? .zero)" }.joined(separator: ",")
        }
        throw attributes.forbidden(
            object,
            "exceeded quota: \(quota.name), requested: \(print(requested)), used: \(print(quota.used)), "
                + "limited: \(print(quota.hard))"
        )
    }

    /// The quota with the request added to what is used.
    func booked(on quota: QuotaState) -> JSONValue {
        var value = quota.value
        for (name, amount) in requested(of: quota) {
            value[path: "status", "used", name] = ((quota.used[name] ?? .zero) + amount).jsonValue
        }
        return value
    }
}
