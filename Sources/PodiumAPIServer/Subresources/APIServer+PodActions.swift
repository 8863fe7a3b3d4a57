// SPDX-License-Identifier: Apache-2.0
// What is done to a pod by POST: binding it to a node, evicting it.

import OrderedCollections
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumSchema
import PodiumStorage

extension APIServer {
    /// `POST …/pods/{name}/binding`: what a scheduler does.
    // Kubernetes: pkg/registry/core/pod/storage/storage.go BindingREST
    func bind(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        let options = try writeOptions(request, kind: "CreateOptions")
        let gvk = GroupVersionKind(group: "", version: "v1", kind: "Binding")
        let (binding, warnings) = try decodeBody(request, as: gvk)
        guard binding[path: "metadata", "name"]?.string == request.name else {
            throw .badRequest("name in URL does not match name in Binding object")
        }
        let key = ObjectKey(.pods, namespace: request.path.namespace, name: request.name)
        try changePod(key, isDryRun: options.isDryRun) { pod throws(StatusError) in
            try PodBinding.assign(pod: &pod, binding: binding, now: environment.host.clock.now)
        }
        return AnswerWriter(request, self).value(Self.created, status: 201, warnings: warnings)
    }

    /// `POST …/pods/{name}/eviction`: a deletion that disruption budgets may refuse.
    // Kubernetes: pkg/registry/core/pod/storage/eviction.go
    func evict(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        var options = try writeOptions(request, kind: "CreateOptions")
        let (eviction, warnings) = try decodeBody(request, as: Self.evictionKind(request.http.body))
        guard eviction[path: "metadata", "name"]?.string == request.name else {
            throw .badRequest("name in URL does not match name in Eviction object")
        }
        var deletion = try DeleteOptions(object: eviction["deleteOptions"] ?? .emptyObject)
        deletion.isDryRun = deletion.isDryRun || options.isDryRun
        deletion.user = request.user
        options.isDryRun = deletion.isDryRun
        let store = ResourceStore(
            definition: request.definition,
            strategy: ResourceStrategies.strategy(for: .pods),
            environment: environment,
            namespace: request.path.namespace
        )
        let pod = try store.get(request.name)
        if !PodEviction.ignoresBudgets(pod.value()) { try PodEviction.checkBudgets(of: pod, in: environment.storage) }
        if !deletion.isDryRun, deletion.uid == nil, deletion.resourceVersion == nil {
            try changePod(pod.key, isDryRun: false) { pod throws(StatusError) in
                PodEviction.mark(&pod, now: environment.host.clock.now)
            }
        }
        _ = try store.delete(request.name, options: deletion)
        return AnswerWriter(request, self).value(Self.created, status: 201, warnings: warnings)
    }

    /// Clients may still say `policy/v1beta1`.
    private static func evictionKind(_ body: [UInt8]) -> GroupVersionKind {
        let isBeta = (try? JSONValue(json: body))?["apiVersion"] == "policy/v1beta1"
        return GroupVersionKind(group: "policy", version: isBeta ? "v1beta1" : "v1", kind: "Eviction")
    }

    private static var created: JSONValue {
        ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "code": 201]
    }

    /// Changes a pod as the server itself does: conditionally, and anew when another writer was faster.
    private func changePod(
        _ key: ObjectKey,
        isDryRun: Bool,
        _ change: (inout JSONValue) throws(StatusError) -> Void
    ) throws(StatusError) {
        for attempt in 1... {
            guard let current = environment.storage.get(key) else { throw .notFound(.pods, key.name.name) }
            var pod = current.value()
            try change(&pod)
            if isDryRun || pod == current.value() { return }
            do throws(StorageError) {
                let draft = ObjectDraft(pod, facts: ObjectFacts(of: pod, in: .pods))
                _ = try environment.storage.update(key, expecting: current.revision, draft)
                return
            } catch .conflict where attempt < ResourceStore.Limits.maximumConflictRetries {
                continue
            } catch {
                throw StatusError(error, resource: .pods)
            }
        }
    }
}

/// The rules of an eviction.
enum PodEviction {
    /// Pods that run nowhere, or no longer, may always be evicted.
    static func ignoresBudgets(_ pod: JSONValue) -> Bool {
        if pod[path: "metadata", "deletionTimestamp"] != nil { return true }
        switch pod[path: "status", "phase"]?.string {
        case "Succeeded", "Failed", "Pending": return true
        default: return false
        }
    }

    /// Says on the pod why it goes.
    static func mark(_ pod: inout JSONValue, now: Timestamp) {
        guard pod[path: "metadata", "deletionTimestamp"] == nil else { return }
        let condition: JSONValue = [
            "type": "DisruptionTarget", "status": "True", "lastProbeTime": .null,
            "lastTransitionTime": .string(now.rfc3339), "reason": "EvictionByEvictionAPI",
            "message": "Eviction API: evicting",
        ]
        var conditions = pod[path: "status", "conditions"]?.elements ?? []
        conditions.removeAll { $0["type"] == "DisruptionTarget" }
        pod[path: "status", "conditions"] = .array(conditions + [condition])
    }

    /// Refuses when a budget that covers the pod allows no disruption now.
    /// - Throws: 429.
    static func checkBudgets(of pod: StoredObject, in storage: any Storage) throws(StatusError) {
        let resource = GroupResource(group: "policy", resource: "poddisruptionbudgets")
        let budgets: [StoredObject]
        do throws(StorageError) {
            let scope = ListScope.namespace(pod.key.name.namespace)
            budgets = try storage.list(resource, scope: scope, from: nil, limit: nil, at: nil).objects
        } catch {
            throw StatusError(error, resource: resource)
        }
        for budget in budgets.map({ $0.value() }) {
            guard LabelSelector(object: budget[path: "spec", "selector"]).matches(pod.facts.labels) else { continue }
            try check(budget)
        }
    }

    private static func check(_ budget: JSONValue) throws(StatusError) {
        let name = budget[path: "metadata", "name"]?.string ?? ""
        let observed = budget[path: "status", "observedGeneration"]?.integer ?? 0
        if observed < budget[path: "metadata", "generation"]?.integer ?? 0 {
            throw refusal("The disruption budget \(name) is still being processed by the server.", retryAfter: 10)
        }
        if budget[path: "status", "disruptionsAllowed"]?.integer ?? 0 > 0 { return }
        let needed = budget[path: "status", "desiredHealthy"]?.integer ?? 0
        let healthy = budget[path: "status", "currentHealthy"]?.integer ?? 0
        throw refusal(
            "The disruption budget \(name) needs \(needed) healthy pods and has \(healthy) currently",
            retryAfter: nil
        )
    }

    private static func refusal(_ cause: String, retryAfter: Int?) -> StatusError {
        StatusError(
            code: 429,
            reason: .tooManyRequests,
            message: "Cannot evict pod as it would violate the pod's disruption budget.",
            details: StatusError.Details(
                causes: [.init(reason: "DisruptionBudget", message: cause)],
                retryAfterSeconds: retryAfter
            )
        )
    }
}
