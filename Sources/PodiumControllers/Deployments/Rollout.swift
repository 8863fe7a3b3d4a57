// SPDX-License-Identifier: Apache-2.0
// How the ReplicaSets of a Deployment are scaled, step by step.

import PodiumClient
import PodiumMachinery

/// A Deployment with its ReplicaSets at one moment, and what is to be done next.
struct Rollout: Sendable {
    /// A ReplicaSet is to want so many pods from now on.
    struct Scaling: Sendable {
        let set: RolloutReplicaSet
        let replicas: Int
    }

    let spec: DeploymentSpec
    /// The one with the present template; nil when there is none yet.
    let new: RolloutReplicaSet?
    /// All others.
    let old: [RolloutReplicaSet]

    /// - Parameter sets: all ReplicaSets of the Deployment.
    // Kubernetes: pkg/controller/deployment/util/deployment_util.go FindNewReplicaSet, FindOldReplicaSets
    init(_ spec: DeploymentSpec, _ sets: [RolloutReplicaSet]) {
        self.spec = spec
        // The eldest: one that came later by chance must not become the new one.
        let new = sets.sorted(by: Self.isElder).first { $0.hasTemplate(spec.template) }
        self.new = new
        old = sets.filter { $0.object.uid != new?.object.uid }
    }

    var all: [RolloutReplicaSet] { old + (new.map { [$0] } ?? []) }
    var activeOld: [RolloutReplicaSet] { old.filter { $0.replicas > 0 } }
    /// How many pods all of them want.
    var wanted: Int { all.reduce(0) { $0 + $1.replicas } }
    var actual: Int { all.reduce(0) { $0 + $1.actual } }
    var available: Int { all.reduce(0) { $0 + $1.available } }
    private var lastingAvailable: Int { all.reduce(0) { $0 + $1.lastingAvailable } }

    static func isElder(_ left: RolloutReplicaSet, _ right: RolloutReplicaSet) -> Bool {
        left.created == right.created ? left.name < right.name : left.created < right.created
    }

    // MARK: The number of pods changes

    /// Whether the number of pods was changed and the ReplicaSets do not follow yet.
    // Kubernetes: pkg/controller/deployment/sync.go isScalingEvent
    var isScaled: Bool {
        all.contains { set in
            let desired = set.annotations[DeploymentAnnotation.desiredReplicas].flatMap { Int($0) }
            return set.replicas > 0 && desired.map { $0 != spec.replicas } ?? false
        }
    }

    /// Follows a changed number of pods without going on with a rollout.
    // Kubernetes: pkg/controller/deployment/sync.go scale
    func scalings() -> [Scaling] {
        if let only = activeOrLatest {
            return only.replicas == spec.replicas ? [] : [Scaling(set: only, replicas: spec.replicas)]
        }
        if isSaturated { return activeOld.map { Scaling(set: $0, replicas: 0) } }
        guard case .rolling = spec.strategy else { return [] }
        return proportionalScalings()
    }

    /// The only one with pods, or the newest when none has any.
    // Kubernetes: pkg/controller/deployment/util/deployment_util.go FindActiveOrLatest
    private var activeOrLatest: RolloutReplicaSet? {
        let active = all.filter { $0.replicas > 0 }
        switch active.count {
        case 0: return new ?? old.sorted(by: Self.isElder).last
        case 1: return active[0]
        default: return nil
        }
    }

    /// Whether the new one has all the pods that are wanted, and all of them are available.
    private var isSaturated: Bool {
        guard let new else { return false }
        let desired = new.annotations[DeploymentAnnotation.desiredReplicas].flatMap { Int($0) }
        return new.replicas == spec.replicas && desired == spec.replicas && new.available == spec.replicas
    }

    /// Shares out what is added or taken away by the sizes of those that have pods, what is left over to the largest.
    private func proportionalScalings() -> [Scaling] {
        let active = all.filter { $0.replicas > 0 }
        let toAdd = (spec.replicas > 0 ? spec.maxReplicas : 0) - active.reduce(0) { $0 + $1.replicas }
        let sorted = active.sorted { left, right in
            if left.replicas != right.replicas { return left.replicas > right.replicas }
            return toAdd > 0 ? Self.isElder(right, left) : Self.isElder(left, right)
        }
        var added = 0
        var sizes = sorted.map { set in
            let part = toAdd == 0 ? 0 : proportion(of: set, toAdd: toAdd, added: added)
            added += part
            return set.replicas + part
        }
        if toAdd != 0, !sizes.isEmpty { sizes[0] = max(0, sizes[0] + toAdd - added) }
        return zip(sorted, sizes).map { Scaling(set: $0, replicas: $1) }
    }

    // Kubernetes: pkg/controller/deployment/util/deployment_util.go GetReplicaSetProportion
    private func proportion(of set: RolloutReplicaSet, toAdd: Int, added: Int) -> Int {
        let rest = toAdd - added
        if rest == 0 { return 0 }
        let fraction = fraction(of: set)
        return toAdd > 0 ? min(fraction, rest) : max(fraction, rest)
    }

    /// How many pods more it would have if it had grown as the Deployment has.
    private func fraction(of set: RolloutReplicaSet) -> Int {
        if spec.replicas == 0 { return -set.replicas }
        var before = set.annotations[DeploymentAnnotation.maxReplicas].flatMap { Int($0) } ?? 0
        if before == 0 { before = actual }
        guard before > 0 else { return 0 }
        let size = Double(set.replicas) * Double(spec.maxReplicas) / Double(before)
        return Int(size.rounded(.toNearestOrAwayFromZero)) - set.replicas
    }

    // MARK: The template changes

    /// How many pods a new ReplicaSet is to want, which wants `present` now.
    // Kubernetes: pkg/controller/deployment/util/deployment_util.go NewRSNewReplicas
    func newReplicas(from present: Int, wanted: Int) -> Int {
        guard case .rolling = spec.strategy else { return spec.replicas }
        if wanted >= spec.maxReplicas { return present }
        return present + min(spec.maxReplicas - wanted, spec.replicas - present)
    }

    /// The next step of a rolling update; empty when there is none to take now.
    // Kubernetes: pkg/controller/deployment/rolling.go
    func rollingStep() -> [Scaling] {
        guard let new else { return [] }
        if new.replicas != spec.replicas {
            let target =
                new.replicas > spec.replicas ? spec.replicas : newReplicas(from: new.replicas, wanted: wanted)
            if target != new.replicas { return [Scaling(set: new, replicas: target)] }
        }
        var sets = activeOld.sorted(by: Self.isElder)
        if sets.isEmpty { return [] }
        let unavailable = new.replicas - new.lastingAvailable
        let room = wanted - spec.minAvailable - unavailable
        if room <= 0 { return [] }
        return cleanUp(&sets, room: room) + scaleDown(sets)
    }

    /// Takes away old pods that are of no use, whatever must be available.
    private func cleanUp(_ sets: inout [RolloutReplicaSet], room: Int) -> [Scaling] {
        var scalings: [Scaling] = []
        var rest = room
        for index in sets.indices where rest > 0 && sets[index].replicas > sets[index].lastingAvailable {
            let count = min(rest, sets[index].replicas - sets[index].lastingAvailable)
            rest -= count
            scalings.append(Scaling(set: sets[index], replicas: sets[index].replicas - count))
            sets[index].replicas -= count
        }
        return scalings
    }

    /// Takes away old pods as long as enough are available.
    private func scaleDown(_ sets: [RolloutReplicaSet]) -> [Scaling] {
        var rest = lastingAvailable - spec.minAvailable
        var scalings: [Scaling] = []
        for set in sets where rest > 0 && set.replicas > 0 {
            let count = min(rest, set.replicas)
            rest -= count
            scalings.append(Scaling(set: set, replicas: set.replicas - count))
        }
        return scalings
    }

    // MARK: The history

    /// ReplicaSets without pods that are beyond the limit of the history, the oldest first.
    // Kubernetes: pkg/controller/deployment/sync.go cleanupDeployment
    var outdated: [RolloutReplicaSet] {
        guard let limit = spec.historyLimit else { return [] }
        let alive = old.filter { !$0.object.isTerminating }
        guard alive.count > limit else { return [] }
        return alive.sorted { $0.revision < $1.revision }.prefix(alive.count - limit).filter(\.isAtRest)
    }
}
