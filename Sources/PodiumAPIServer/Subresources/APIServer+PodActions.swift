// SPDX-License-Identifier: Apache-2.0
// What is done to a pod by POST: binding it to a node, evicting it.

import PodiumCodec
import PodiumExchange
import PodiumHost
import PodiumKinds
import PodiumMachinery
import PodiumPodModel
import PodiumRegistry
import PodiumSchema
import PodiumStorage

extension APIServer {
    /// `POST …/bindings`: the same as below, with the name of the pod in the binding alone.
    func bindByCollection(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        let options = try writeOptions(request, kind: "CreateOptions")
        let binding = try decodeBody(request, as: Self.bindingKind)
        let name = binding[path: "metadata", "name"]?.string ?? ""
        if name.isEmpty { throw .badRequest("Name parameter required.") }
        return try bind(name, binding, options, request)
    }

    /// `POST …/pods/{name}/binding`: what a scheduler does.
    // Kubernetes: pkg/registry/core/pod/storage/storage.go BindingREST
    func bind(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        let options = try writeOptions(request, kind: "CreateOptions")
        let binding = try decodeBody(request, as: Self.bindingKind)
        guard binding[path: "metadata", "name"]?.string == request.name else {
            throw .badRequest("name in URL does not match name in Binding object")
        }
        return try bind(request.name, binding, options, request)
    }

    static let bindingKind = GroupVersionKind(group: "", version: "v1", kind: "Binding")

    private func bind(
        _ pod: String,
        _ binding: JSONValue,
        _ options: WriteOptions,
        _ request: ResourceRequest
    ) throws(StatusError) -> HTTPResponse {
        let pods = try api.store(.pods, namespace: request.path.namespace)
        try pods.bind(pod, binding, isDryRun: options.isDryRun)
        return AnswerWriter(request, self).value(Self.created, status: 201)
    }

    /// `POST …/pods/{name}/eviction`: a deletion that disruption budgets may refuse.
    // Kubernetes: pkg/registry/core/pod/storage/eviction.go
    func evict(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        var options = try writeOptions(request, kind: "CreateOptions")
        let eviction = try decodeBody(request, as: Self.evictionKind, otherVersions: [Self.betaPolicy])
        guard eviction[path: "metadata", "name"]?.string == request.name else {
            throw .badRequest("name in URL does not match name in Eviction object")
        }
        var deletion = try DeleteOptions(object: eviction["deleteOptions"] ?? .emptyObject)
        deletion.isDryRun = deletion.isDryRun || options.isDryRun
        deletion.user = request.user
        options.isDryRun = deletion.isDryRun
        let store = ResourceStore(
            definition: request.definition,
            strategy: request.definition.rules.strategy,
            api: api,
            surface: request.surface,
            namespace: request.path.namespace
        )
        let pod = try store.get(request.name)
        if !PodEviction.ignoresBudgets(pod.value()) { try spendBudget(of: pod, isDryRun: deletion.isDryRun) }
        if deletion.uid == nil, deletion.resourceVersion == nil {
            try store.transform(request.name, isDryRun: deletion.isDryRun) { pod throws(StatusError) in
                PodEviction.markDisrupted(&pod, now: api.host.clock.now)
            }
        }
        _ = try store.delete(request.name, options: deletion)
        return AnswerWriter(request, self).value(Self.created, status: 201)
    }

    private static let evictionKind = GroupVersionKind(group: "policy", version: "v1", kind: "Eviction")
    /// Clients may still say so.
    private static let betaPolicy = GroupVersion(group: "policy", version: "v1beta1")

    private static var created: JSONValue {
        ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "code": 201]
    }

    /// Takes one disruption from the budget that covers the pod, if there is one.
    /// - Throws: 429 when it allows none; 500 when there are several.
    private func spendBudget(of pod: StoredObject, isDryRun: Bool) throws(StatusError) {
        let resource = GroupResource(group: "policy", resource: "poddisruptionbudgets")
        let budgets: [StoredObject]
        do throws(StorageError) {
            let scope = ListScope.namespace(pod.key.name.namespace)
            let list = try api.storage.list(resource, scope: scope, from: nil, limit: nil, at: nil)
            budgets = list.objects.filter { budget in
                LabelSelector(object: budget.value()[path: "spec", "selector"]).matches(pod.facts.labels)
            }
        } catch {
            throw StatusError(error, resource: resource)
        }
        guard let budget = budgets.first else { return }
        if budgets.count > 1 { throw PodEviction.severalBudgets }
        if PodEviction.letsUnhealthyGo(pod.value(), budget: budget.value()) { return }
        let store = try api.store(resource, namespace: budget.key.name.namespace)
        try store.transform(budget.key.name.name, isDryRun: isDryRun) { budget throws(StatusError) in
            try PodEviction.spend(&budget, podName: pod.key.name.name, now: api.host.clock.now)
        }
    }
}
