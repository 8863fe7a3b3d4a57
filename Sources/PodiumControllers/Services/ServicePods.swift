// SPDX-License-Identifier: Apache-2.0
// Which pods each Service selects, kept once for all controllers that publish their addresses.

import PodiumClient
import PodiumHost
import PodiumMachinery
import PodiumStorage

/// The pods of a cluster by the Services that select them.
///
/// Only of pods that a Service selects more is kept than their names.
// State | guarded by | why separate
// state | queue | the queue of the informers, whose changes it follows
final class ServicePods: Sendable {
    /// When changes are put together.
    enum Limits {
        /// Up to so many pods, each change of one is published at once.
        static let largestUnbatched = 100
        static let batchPeriodPerPod = Duration.milliseconds(1)
        static let maximumBatchPeriod = Duration.seconds(1)
    }

    fileprivate struct Selected {
        var pod: EndpointPod
        var services: [NamespacedName]
    }

    fileprivate struct State {
        var selectors = SelectorTable()
        /// The names of all pods, by namespace.
        var names: [String: Set<String>] = [:]
        var selected: [NamespacedName: Selected] = [:]
        /// The names of pods, by Service.
        var members: [NamespacedName: Set<String>] = [:]
        /// Called with Services and how many pods they select.
        var followers: [@Sendable (NamespacedName, Int) -> Void] = []
    }

    private let informers: SharedInformers
    private let state: Confined<State>

    init(informers: SharedInformers) {
        self.informers = informers
        state = Confined(State(), on: informers.queue)
        informers.handle(.services) { [weak self] event in self?.takeService(event) }
        informers.handle(.pods) { [weak self] event in self?.takePod(event) }
    }

    /// Has `controller` look at each Service whose pods have changed in a way that matters to others.
    ///
    /// Writing down a thousand addresses takes a while on a real cluster, and what changes meanwhile is written at
    /// once. Here it takes no time: so the changes of large Services wait a little for one another.
    // Kubernetes: cmd/kube-controller-manager --endpoint-updates-batch-period
    func follow(with controller: Controller<NamespacedName>) {
        state.withState { state in
            state.followers.append { service, count in
                if count <= Limits.largestUnbatched { return controller.add(service) }
                controller.add(service, after: min(Limits.batchPeriodPerPod * count, Limits.maximumBatchPeriod))
            }
        }
    }

    /// The pods that a Service selects, by name.
    func pods(of service: NamespacedName) -> [EndpointPod] {
        state.withState { state in
            (state.members[service] ?? []).sorted().compactMap { name in
                state.selected[NamespacedName(namespace: service.namespace, name: name)]?.pod
            }
        }
    }

    // MARK: Services

    private func takeService(_ event: InformerEvent) {
        let service = event.object.key.name
        let isGone = if case .deleted = event { true } else { false }
        let selector = isGone ? nil : PublishedService.selector(of: event.object)
        guard selector != state.withState({ $0.selectors[service] }) else { return }
        state.withState { state in
            state.selectors.set(selector, of: service)
            state.drop(service)
        }
        guard let selector else { return }
        let names = state.withState { $0.names[service.namespace] ?? [] }
        let pods = names.compactMap { name in
            informers.object(.pods, NamespacedName(namespace: service.namespace, name: name))
        }
        let found = pods.filter { selector.matches($0.labels) }.map { EndpointPod($0) }
        state.withState { state in for pod in found { state.add(pod, to: service) } }
    }

    // MARK: Pods

    private func takePod(_ event: InformerEvent) {
        let (services, followers) = state.withState { state in
            let services =
                switch event {
                case .added(let pod): state.add(pod)
                case .updated(let old, let new): state.replace(old, by: new)
                case .deleted(let pod): state.remove(pod)
                }
            return (services.map { ($0, state.members[$0]?.count ?? 0) }, state.followers)
        }
        for (service, count) in services {
            for follower in followers { follower(service, count) }
        }
    }
}

extension ServicePods.State {
    /// - Returns: the Services whose matter this is, as of the following.
    fileprivate mutating func add(_ object: APIObject) -> [NamespacedName] {
        let name = object.key.name
        names[name.namespace, default: []].insert(name.name)
        let services = selectors.names(selecting: object.labels, in: name.namespace)
        guard !services.isEmpty else { return [] }
        set(EndpointPod(object), selectedBy: services)
        return services
    }

    // Kubernetes: k8s.io/endpointslice/util/controller_utils.go GetPodUpdateProjectionKey, GetServicesToUpdate
    fileprivate mutating func replace(_ old: APIObject, by new: APIObject) -> [NamespacedName] {
        let name = new.key.name
        let before = selected[name]
        let keepsLabels = old.labels == new.labels
        let services =
            keepsLabels ? before?.services ?? [] : selectors.names(selecting: new.labels, in: name.namespace)
        guard before != nil || !services.isEmpty else { return [] }
        let pod = EndpointPod(new)
        set(pod, selectedBy: services)
        let known = before?.services ?? []
        if before.map({ pod.differs(from: $0.pod) }) ?? true {
            return known + services.filter { !known.contains($0) }
        }
        return known.filter { !services.contains($0) } + services.filter { !known.contains($0) }
    }

    fileprivate mutating func remove(_ object: APIObject) -> [NamespacedName] {
        let name = object.key.name
        names[name.namespace]?.remove(name.name)
        if names[name.namespace]?.isEmpty == true { names[name.namespace] = nil }
        guard let known = selected.removeValue(forKey: name) else { return [] }
        for service in known.services { leave(service, name) }
        return known.services
    }

    private mutating func set(_ pod: EndpointPod, selectedBy services: [NamespacedName]) {
        let known = selected[pod.name]?.services ?? []
        for service in known where !services.contains(service) { leave(service, pod.name) }
        for service in services { members[service, default: []].insert(pod.name.name) }
        selected[pod.name] = services.isEmpty ? nil : ServicePods.Selected(pod: pod, services: services)
    }

    /// Notes that a Service that is new, or has a new selector, selects `pod`.
    fileprivate mutating func add(_ pod: EndpointPod, to service: NamespacedName) {
        members[service, default: []].insert(pod.name.name)
        selected[pod.name, default: ServicePods.Selected(pod: pod, services: [])].services.append(service)
    }

    /// Forgets what a Service selected.
    fileprivate mutating func drop(_ service: NamespacedName) {
        for name in members.removeValue(forKey: service) ?? [] {
            let pod = NamespacedName(namespace: service.namespace, name: name)
            selected[pod]?.services.removeAll { $0 == service }
            if selected[pod]?.services.isEmpty == true { selected[pod] = nil }
        }
    }

    private mutating func leave(_ service: NamespacedName, _ pod: NamespacedName) {
        members[service]?.remove(pod.name)
        if members[service]?.isEmpty == true { members[service] = nil }
    }
}
