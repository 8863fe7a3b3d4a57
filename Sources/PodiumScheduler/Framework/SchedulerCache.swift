// SPDX-License-Identifier: Apache-2.0
// The cluster as the scheduler believes it to be: nodes, pods on them, and what rules look up beside.

package import OrderedCollections
package import PodiumMachinery
package import PodiumPodModel

/// The scheduler's picture of the cluster. A value, changed event by event; nothing is computed twice for a pod that
/// did not change.
// Kubernetes: pkg/scheduler/backend/cache/cache.go
package struct SchedulerCache: Sendable {
    /// The nodes, in the order in which they appeared.
    package private(set) var nodes: [NodeInfo] = []
    private var indexes: [String: Int] = [:]
    /// All pods with a node, by name; `nodeName` is that of the binding, confirmed or not.
    private var placed: [NamespacedName: (pod: SchedulingPod, nodeName: String)] = [:]
    /// Pods whose node is not known, by its name, in the order in which they appeared.
    private var strays: [String: [NamespacedName]] = [:]

    /// The labels of each namespace.
    package var namespaceLabels: [String: [String: String]] = [:]
    /// The selectors of the Services in each namespace.
    package var serviceSelectors: [String: OrderedDictionary<String, [String: String]>] = [:]
    /// The selectors of the controllers that own pods, by namespace.
    package var ownerSelectors: [String: [SchedulingPod.Owner: LabelSelector]] = [:]
    /// The claims for storage.
    package var claims: [NamespacedName: VolumeClaim] = [:]
    /// The storage classes, by name.
    package var storageClasses: [String: VolumeClass] = [:]
    /// The volumes, in the order in which they appeared.
    package var volumes: OrderedDictionary<String, PersistentVolume> = [:]
    /// Volumes that were given to claims here, which their objects do not show yet.
    var assumedVolumes: [String: NamespacedName] = [:]
    private var claimUsers: [NamespacedName: Set<NamespacedName>] = [:]
    private var podsByLabel = PodsByLabel()

    /// An empty picture.
    package init() {}

    /// The node `name`; nil when there is none.
    package func node(_ name: String) -> NodeInfo? { indexes[name].map { nodes[$0] } }

    // MARK: Nodes

    /// Adds a node, or replaces what is known of it.
    package mutating func set(_ node: SchedulingNode) {
        if let index = indexes[node.name] {
            nodes[index].node = node
            return
        }
        indexes[node.name] = nodes.count
        var info = NodeInfo(node)
        for name in strays.removeValue(forKey: node.name) ?? [] {
            if let pod = placed[name]?.pod { info.add(pod) }
        }
        nodes.append(info)
    }

    /// Forgets a node; its pods are remembered until they go.
    package mutating func removeNode(_ name: String) {
        guard let index = indexes.removeValue(forKey: name) else { return }
        let names = nodes[index].pods.map(\.name)
        if !names.isEmpty { strays[name] = names }
        nodes.remove(at: index)
        for later in index..<nodes.count { indexes[nodes[later].name] = later }
    }

    // MARK: Pods

    /// Puts `pod` on `nodeName`: because it is bound there, or because it is about to be.
    package mutating func place(_ pod: SchedulingPod, on nodeName: String) {
        remove(pod.name)
        placed[pod.name] = (pod, nodeName)
        podsByLabel.add(pod, on: nodeName)
        for claim in pod.claimNames { claimUsers[claim, default: []].insert(pod.name) }
        if let index = indexes[nodeName] {
            nodes[index].add(pod)
        } else {
            strays[nodeName, default: []].append(pod.name)
        }
    }

    /// Takes the pod `name` from its node, if it has one.
    /// - Returns: the pod as it was known.
    @discardableResult
    package mutating func remove(_ name: NamespacedName) -> SchedulingPod? {
        guard let (pod, nodeName) = placed.removeValue(forKey: name) else { return nil }
        podsByLabel.remove(pod)
        for claim in pod.claimNames {
            claimUsers[claim]?.remove(name)
            if claimUsers[claim]?.isEmpty == true { claimUsers[claim] = nil }
        }
        if let index = indexes[nodeName] {
            nodes[index].remove(name)
        } else {
            strays[nodeName]?.removeAll { $0 == name }
            if strays[nodeName]?.isEmpty == true { strays[nodeName] = nil }
        }
        return pod
    }

    /// The pods on nodes that use a claim.
    func pods(using claim: NamespacedName) -> Set<NamespacedName> { claimUsers[claim] ?? [] }

    /// How many pods of `namespace` that `selector` takes are on which node; those on their way out do not count.
    package func podCounts(in namespace: String, matching selector: LabelSelector) -> [String: Int] {
        if let counts = podsByLabel.counts(in: namespace, matching: selector) { return counts }
        var counts: [String: Int] = [:]
        for node in nodes {
            let count = node.pods.count {
                !$0.isTerminating && $0.name.namespace == namespace && selector.matches($0.labels)
            }
            if count > 0 { counts[node.name] = count }
        }
        return counts
    }

    /// The pod `name` as it is known on its node; nil when it has none.
    package func placedPod(_ name: NamespacedName) -> SchedulingPod? { placed[name]?.pod }
}
