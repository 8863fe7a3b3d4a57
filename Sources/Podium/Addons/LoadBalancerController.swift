// SPDX-License-Identifier: Apache-2.0
// Gives Services of type LoadBalancer an address, as the controller of a cloud does.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumKubelet
import PodiumMachinery
import PodiumRegistry
import PodiumStorage

/// The load balancers of a cloud that makes one at once and never fails.
///
/// A load balancer is an address that leads to its Service, and is held until the Service is gone or is of another
/// type: a finalizer makes sure of that.
// State | guarded by | why separate
// state | queue | the queue of the informers
// Kubernetes: cloud-provider/controllers/service/controller.go
final class LoadBalancerController: InformedReconciler {
    static let name = "service-lb-controller"
    /// Whoever asked for an address that somebody has is not soon luckier.
    static let backoff = Backoff(initial: .seconds(5), maximum: .seconds(300))

    private static let component = "service-controller"
    private static let finalizer = "service.kubernetes.io/load-balancer-cleanup"
    /// 198.18.0.0/15: nobody's, kept free for measurements.
    // RFC 2544
    private static let addresses: ClosedRange<UInt32> = 0xC612_0000...0xC613_FFFF

    enum Key: Hashable {
        case service(NamespacedName)
        /// The nodes among which traffic is shared.
        case nodes
    }

    private struct State {
        var pool: AddressPool
        /// The addresses of Services.
        var held: [NamespacedName: String] = [:]
        /// The nodes that were known last; nil before the first look.
        var nodes: Set<String>?
    }

    private let informers: SharedInformers
    private let recorder: EventRecorder
    private let state: Confined<State>

    init(informers: SharedInformers, network: ServiceNetwork) {
        let informers = informers.acting(as: .controller(Self.component), fieldManager: "cloud-controller-manager")
        self.informers = informers
        recorder = EventRecorder(client: informers.client, component: Self.component, queue: informers.queue)
        state = Confined(
            State(pool: AddressPool([Self.addresses], without: network)),
            on: informers.queue
        )
    }

    func watch(_ controller: Controller<Key>) {
        informers.handle(.services) { [weak self] event in
            guard let self else { return }
            let service = event.object
            switch event {
            case .added:
                self.keepAddress(of: service)
                guard service.wantsLoadBalancer || Self.needsCleanup(service) else { return }
            case .updated(let old, let new):
                let change = LoadBalancerChange(from: old, to: new)
                if let event = change.event { self.record(new, event.reason, event.message) }
                guard change.isRelevant || Self.needsCleanup(new) else { return }
            case .deleted: break
            }
            controller.add(.service(service.key.name))
        }
        informers.handle(.nodes) { _ in controller.add(.nodes) }
    }

    func reconcile(_ key: Key) throws -> ReconcileResult {
        switch key {
        case .nodes: noteNodes()
        case .service(let name):
            guard let service = informers.object(.services, name) else {
                release(name)
                return .done
            }
            if service.wantsLoadBalancer, !Self.needsCleanup(service) {
                try ensure(service)
            } else {
                try cleanUp(service)
            }
        }
        return .done
    }

    /// Whether a Service holds on to a load balancer that it does not need any more.
    private static func needsCleanup(_ service: APIObject) -> Bool {
        service.hasFinalizer(finalizer) && (service.isTerminating || service.spec["type"]?.string != "LoadBalancer")
    }

    // MARK: Load balancers

    private func ensure(_ service: APIObject) throws {
        record(service, "EnsuringLoadBalancer", "Ensuring load balancer")
        do {
            let client = informers.client
            try client.addFinalizer(Self.finalizer, to: service.key, uid: service.uid)
            if eligibleNodes.isEmpty { warnOfNoNodes(service) }
            let address = try address(for: service)
            record(service, "EnsuredLoadBalancer", "Ensured load balancer")
            try write([["ip": .string(address), "ipMode": "VIP"]], of: service)
        } catch {
            let reason = (error as? StatusError)?.message ?? "failed to ensure load balancer: \(error)"
            record(service, "SyncLoadBalancerFailed", "Error syncing load balancer: \(reason)", .warning)
            throw error
        }
    }

    private func cleanUp(_ service: APIObject) throws(StatusError) {
        if state.withState({ $0.held[service.key.name] }) != nil {
            record(service, "DeletingLoadBalancer", "Deleting load balancer")
            release(service.key.name)
        }
        try StatusError.ignoringAbsence { () throws(StatusError) in
            try informers.client.removeFinalizer(Self.finalizer, from: service.key, uid: service.uid)
        }
        record(service, "DeletedLoadBalancer", "Deleted load balancer")
        try write([], of: service)
    }

    /// Writes where a Service can be reached; it may be gone.
    private func write(_ ingress: [JSONValue], of service: APIObject) throws(StatusError) {
        try StatusError.ignoringAbsence { () throws(StatusError) in
            try informers.client.updateStatus(service.key, uid: service.uid) { value in
                if (value[path: "status", "loadBalancer", "ingress"]?.elements ?? []) == ingress { return false }
                value[path: "status", "loadBalancer"] = ingress.isEmpty ? [:] : ["ingress": .array(ingress)]
                return true
            }
        }
    }

    // MARK: Addresses

    /// Notes the address that a Service has from before.
    private func keepAddress(of service: APIObject) {
        let ingress = service.status[path: "loadBalancer", "ingress"]?.elements.first
        guard service.wantsLoadBalancer, let address = ingress?["ip"]?.string else { return }
        state.withState { state in
            state.held[service.key.name] = address
            state.pool.claim(address)
        }
    }

    /// The address that a Service has, or asks for, or gets.
    private func address(for service: APIObject) throws(AddressError) -> String {
        let name = service.key.name
        let wanted = service.spec["loadBalancerIP"]?.string ?? ""
        let held = state.withState { $0.held[name] }
        if let held, wanted.isEmpty || wanted == held { return held }
        let isTaken = state.withState { $0.held.contains { $0.key != name && $0.value == wanted } }
        if !wanted.isEmpty, isTaken { throw .taken(wanted) }
        let address = state.withState { state -> String? in
            if let held { state.pool.release(held) }
            if !wanted.isEmpty { state.pool.claim(wanted) }
            let address = wanted.isEmpty ? state.pool.allocate() : wanted
            state.held[name] = address
            return address
        }
        guard let address else { throw .exhausted }
        return address
    }

    private func release(_ service: NamespacedName) {
        state.withState { state in
            if let address = state.held.removeValue(forKey: service) { state.pool.release(address) }
        }
    }

    // MARK: Nodes

    private var eligibleNodes: Set<String> {
        Set(informers.objects(.nodes).filter(\.takesBalancedTraffic).map(\.name))
    }

    /// Tells of a change of the nodes behind all load balancers.
    private func noteNodes() {
        let nodes = eligibleNodes
        let (known, held) = state.withState { state in
            defer { state.nodes = nodes }
            return (state.nodes, state.held.keys.sorted())
        }
        guard let known, known != nodes else { return }
        for service in held.compactMap({ informers.object(.services, $0) }) {
            if nodes.isEmpty {
                warnOfNoNodes(service)
            } else {
                record(service, "UpdatedLoadBalancer", "Updated load balancer with new hosts")
            }
        }
    }

    // MARK: Events

    private func warnOfNoNodes(_ service: APIObject) {
        record(service, "UnAvailableLoadBalancer", "There are no available nodes for LoadBalancer", .warning)
    }

    private func record(_ service: APIObject, _ reason: String, _ message: String, _ type: EventType = .normal) {
        recorder.event(about: service, type: type, reason: reason, message: message)
    }
}

/// Why a Service got no address.
private enum AddressError: Error, CustomStringConvertible {
    case taken(String)
    case exhausted

    var description: String {
        switch self {
        case .taken(let address): "the address \(address) is in use"
        case .exhausted: "no address is left"
        }
    }
}

/// Whether a change of a Service is one for its load balancer.
// Kubernetes: cloud-provider/controllers/service/controller.go needsUpdate
private struct LoadBalancerChange {
    private(set) var isRelevant = false
    /// What an Event tells of it.
    private(set) var event: (reason: String, message: String)?

    init(from old: APIObject, to new: APIObject) {
        guard old.wantsLoadBalancer || new.wantsLoadBalancer else { return }
        func text(_ service: APIObject, _ field: String) -> String { service.spec[field]?.string ?? "" }
        func list(_ service: APIObject, _ field: String) -> [String] {
            service.spec[field]?.elements.compactMap(\.string) ?? []
        }
        func changed(_ field: String) -> Bool { old.spec[field] != new.spec[field] }
        func note(_ reason: String, _ field: String) {
            event = (reason, "\(text(old, field)) -> \(text(new, field))")
        }
        isRelevant = true
        if old.wantsLoadBalancer != new.wantsLoadBalancer {
            note("Type", "type")
        } else if changed("loadBalancerSourceRanges") {
            let ranges = [old, new].map { list($0, "loadBalancerSourceRanges").joined(separator: " ") }
            event = ("LoadBalancerSourceRanges", "[\(ranges[0])] -> [\(ranges[1])]")
        } else if ["ports", "sessionAffinity", "sessionAffinityConfig"].contains(where: changed) {
            return
        } else if changed("loadBalancerIP") {
            note("LoadbalancerIP", "loadBalancerIP")
        } else if changed("externalIPs") {
            noteAddresses(from: list(old, "externalIPs"), to: list(new, "externalIPs"))
        } else if changed("externalTrafficPolicy") {
            note("ExternalTrafficPolicy", "externalTrafficPolicy")
        } else if changed("healthCheckNodePort") {
            let ports = [old, new].map { $0.spec["healthCheckNodePort"]?.int ?? 0 }
            event = ("HealthCheckNodePort", "\(ports[0]) -> \(ports[1])")
        } else {
            isRelevant = old.annotations != new.annotations || old.uid != new.uid
        }
    }

    private mutating func noteAddresses(from old: [String], to new: [String]) {
        if old.count != new.count {
            event = ("ExternalIP", "Count: \(old.count) -> \(new.count)")
        } else if let added = zip(old, new).first(where: { $0 != $1 })?.1 {
            event = ("ExternalIP", "Added: \(added)")
        }
    }
}

extension APIObject {
    /// Whether this Service wants a load balancer, and leaves it to the cloud of the cluster.
    fileprivate var wantsLoadBalancer: Bool {
        spec["type"]?.string == "LoadBalancer" && spec["loadBalancerClass"] == nil
    }

    fileprivate func hasFinalizer(_ finalizer: String) -> Bool {
        metadata["finalizers"]?.elements.contains(.string(finalizer)) ?? false
    }

    /// Whether load balancers may send traffic to this Node.
    // Kubernetes: cloud-provider/controllers/service/controller.go nodeIncludedPredicate
    fileprivate var takesBalancedTraffic: Bool {
        labels["node.kubernetes.io/exclude-from-external-load-balancers"] == nil
            && !(spec["taints"]?.elements ?? []).contains { $0["key"] == "ToBeDeletedByClusterAutoscaler" }
    }
}
