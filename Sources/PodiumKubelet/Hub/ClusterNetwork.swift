// SPDX-License-Identifier: Apache-2.0
// The network of a cluster as every node sees it: Services, addresses, and what pods answer.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumRuntime
import PodiumStorage
import Synchronization

/// A pod as others reach it. A value: who asks it does not wait for the pod's node.
struct PodFace: Sendable {
    let uid: String
    let name: NamespacedName
    let node: String
    /// The place of the pod among those of its node.
    let arrival: Int
    let labels: [String: String]
    let hostname: String
    let address: String?
    let isReady: Bool
    /// Whether it uses the network of its node, at the node's address.
    let isOnHostNetwork: Bool
    let isStopped: Bool
    /// The numbers of its named ports.
    let ports: [String: Int]
    /// What its containers listen on; nil when they do not.
    let network: SandboxNetwork?
}

/// What the containers of all nodes know of one another.
// State | guarded by | why separate
// state | mutex | nodes write what their pods show on queues of their own, containers of other nodes read it
final class ClusterNetwork: Sendable {
    private struct State {
        var services: [NamespacedName: APIObject] = [:]
        /// How many connections each Service has led to one of its pods.
        var connections: [NamespacedName: Int] = [:]
        /// What is written by hand about where Services lead, by Service and the name of the EndpointSlice.
        var slices: [NamespacedName: [String: SliceFace]] = [:]
        /// By namespace and UID.
        var faces: [String: [String: PodFace]] = [:]
        /// The pods that have an address to themselves.
        var addressed: [String: (namespace: String, uid: String)] = [:]
        /// The names of nodes by their addresses.
        var hosts: [String: String] = [:]
        var podPool: AddressPool
        var nodePool: AddressPool
    }

    private let state: Mutex<State>

    init(_ networks: ClusterNetworks, services: ServiceNetwork) {
        state = Mutex(
            State(
                podPool: AddressPool(networks.pods, without: services),
                nodePool: AddressPool(networks.nodes, without: services)
            )
        )
    }

    // Addresses

    /// An address for a pod, of its node's range if that has one.
    func allocatePod(in range: ClosedRange<UInt32>?) -> String? {
        state.withLock { state in
            guard let range else { return state.podPool.allocate() }
            return state.podPool.allocate(in: range)
        }
    }

    func releasePod(_ address: String) { state.withLock { $0.podPool.release(address) } }

    /// Forgets the range of a node that is gone.
    func forgetPods(in range: ClosedRange<UInt32>) { state.withLock { $0.podPool.forget(range) } }

    func allocateNode() -> String? { state.withLock { $0.nodePool.allocate() } }

    // Nodes

    func add(_ node: String, at address: String) {
        state.withLock { state in
            state.hosts[address] = node
            state.nodePool.claim(address)
        }
    }

    /// Gives the address of a node back, unless another one has taken it.
    func remove(_ node: String, at address: String) {
        state.withLock { state in
            guard state.hosts[address] == node else { return }
            state.hosts[address] = nil
            state.nodePool.release(address)
        }
    }

    /// A pod as it shows itself.
    func pod(_ uid: String, in namespace: String) -> PodFace? { state.withLock { $0.faces[namespace]?[uid] } }

    func isHost(_ address: String) -> Bool { state.withLock { $0.hosts[address] != nil } }

    // Services

    /// - Returns: what was known of the Service before.
    func note(_ service: APIObject, isDeleted: Bool) -> APIObject? {
        state.withLock { state in
            let old = state.services[service.key.name]
            state.services[service.key.name] = isDeleted ? nil : service
            if isDeleted { state.connections[service.key.name] = nil }
            return old
        }
    }

    func service(_ name: NamespacedName) -> APIObject? { state.withLock { $0.services[name] } }

    /// Counts a connection to a Service.
    /// - Returns: how many there were before.
    func countConnection(to name: NamespacedName) -> Int {
        state.withLock { state in
            guard state.services[name] != nil else { return 0 }
            defer { state.connections[name, default: 0] += 1 }
            return state.connections[name] ?? 0
        }
    }

    /// The Service that an address leads to, be it its own or that of its load balancer.
    func service(at address: String) -> APIObject? {
        state.withLock { state in state.services.values.first { $0.hasAddress(address) } }
    }

    /// The Service that has a port of all nodes.
    func service(onNodePort port: Int) -> APIObject? {
        state.withLock { state in
            state.services.values.first { service in
                service.spec["ports"]?.elements.contains { $0["nodePort"]?.int == port } ?? false
            }
        }
    }

    /// Notes an EndpointSlice for `service`; nil when it is gone.
    func note(_ slice: SliceFace?, named name: String, for service: NamespacedName) {
        state.withLock { state in
            state.slices[service, default: [:]][name] = slice
            if state.slices[service]?.isEmpty == true { state.slices[service] = nil }
        }
    }

    /// What EndpointSlices made by hand say of a Service, by their names.
    func slices(for service: NamespacedName) -> [SliceFace] {
        state.withLock { state in (state.slices[service] ?? [:]).sorted { $0.key < $1.key }.map(\.value) }
    }

    /// The name of the node with this address.
    func host(at address: String) -> String? { state.withLock { $0.hosts[address] } }

    /// The Services of a namespace, by name.
    func services(in namespace: String) -> [APIObject] {
        let found = state.withLock { state in state.services.values.filter { $0.namespace == namespace } }
        return found.sorted { $0.name < $1.name }
    }

    // Pods

    /// Shows a pod in its present form.
    func show(_ face: PodFace) {
        state.withLock { state in
            let namespace = face.name.namespace
            let old = state.faces[namespace]?[face.uid]
            state.faces[namespace, default: [:]][face.uid] = face
            let address = face.isStopped || face.isOnHostNetwork ? nil : face.address
            if let before = old?.address, before != address, state.addressed[before]?.uid == face.uid {
                state.addressed[before] = nil
            }
            if let address { state.addressed[address] = (namespace, face.uid) }
        }
    }

    func forget(_ uid: String, in namespace: String) {
        state.withLock { state in
            let old = state.faces[namespace]?.removeValue(forKey: uid)
            if state.faces[namespace]?.isEmpty == true { state.faces[namespace] = nil }
            if let address = old?.address, state.addressed[address]?.uid == uid { state.addressed[address] = nil }
        }
    }

    /// The pods of a namespace with these labels, in an order that does not depend on when they came.
    func pods(in namespace: String, labelled selector: [String: String]) -> [PodFace] {
        let found = state.withLock { state in
            (state.faces[namespace] ?? [:]).values.filter { face in
                selector.allSatisfy { face.labels[$0.key] == $0.value }
            }
        }
        return found.sorted { $0.name < $1.name }
    }

    /// The pod that has an address to itself.
    func pod(at address: String) -> PodFace? {
        state.withLock { state in
            state.addressed[address].flatMap { state.faces[$0.namespace]?[$0.uid] }
        }
    }

    /// The pods that use the network of the node with this address, oldest first.
    func pods(onHost address: String) -> [PodFace] {
        let found = state.withLock { state in
            state.faces.values.flatMap { faces in
                faces.values.filter { $0.isOnHostNetwork && !$0.isStopped && $0.address == address }
            }
        }
        return found.sorted { ($0.arrival, $0.uid) < ($1.arrival, $1.uid) }
    }
}
