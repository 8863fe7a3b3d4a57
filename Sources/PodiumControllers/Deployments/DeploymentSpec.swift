// SPDX-License-Identifier: Apache-2.0
// What a Deployment wants, and its ReplicaSets as a rollout sees them.

import PodiumClient
import PodiumCodec
import PodiumMachinery

/// The specification of a Deployment.
struct DeploymentSpec: Sendable {
    enum Strategy: Hashable, Sendable {
        case recreate
        /// How many pods more and how many fewer than wanted there may be on the way.
        case rolling(surge: Int, unavailable: Int)
    }

    let replicas: Int
    let strategy: Strategy
    let isPaused: Bool
    let template: JSONValue
    let selector: LabelSelector
    let selectorValue: JSONValue
    let minReadySeconds: Int64
    /// How long a rollout may stand still; nil for ever.
    let progressDeadline: Duration?
    /// How many ReplicaSets without pods are kept; nil for all.
    let historyLimit: Int?

    init(_ spec: JSONValue) {
        /// What stands for no limit.
        func limited(_ name: String) -> Int64? {
            spec[name]?.integer.flatMap { $0 == Int64(Int32.max) ? nil : $0 }
        }
        replicas = spec["replicas"]?.int ?? 1
        isPaused = spec["paused"]?.bool ?? false
        template = spec["template"] ?? .emptyObject
        selectorValue = spec["selector"] ?? .emptyObject
        selector = LabelSelector(object: spec["selector"])
        minReadySeconds = spec["minReadySeconds"]?.integer ?? 0
        progressDeadline = limited("progressDeadlineSeconds").map { .seconds($0) }
        historyLimit = limited("revisionHistoryLimit").map { Int($0) }
        if spec[path: "strategy", "type"] == "Recreate" {
            strategy = .recreate
        } else {
            strategy = Self.rolling(spec[path: "strategy", "rollingUpdate"] ?? .emptyObject, replicas)
        }
    }

    // Kubernetes: pkg/controller/deployment/util/deployment_util.go ResolveFenceposts
    private static func rolling(_ parameters: JSONValue, _ replicas: Int) -> Strategy {
        let surge = IntOrString(parameters["maxSurge"])?.scaled(to: replicas, roundingUp: true) ?? 0
        let unavailable = IntOrString(parameters["maxUnavailable"])?.scaled(to: replicas, roundingUp: false) ?? 0
        // With neither nothing could ever change.
        return .rolling(surge: surge, unavailable: surge == 0 && unavailable == 0 ? 1 : unavailable)
    }

    /// How many pods more than wanted there may be.
    var maxSurge: Int { if case .rolling(let surge, _) = strategy { surge } else { 0 } }

    /// How many pods fewer than wanted there may be.
    var maxUnavailable: Int {
        guard case .rolling(_, let unavailable) = strategy, replicas > 0 else { return 0 }
        return min(unavailable, replicas)
    }

    /// How many pods must be available.
    var minAvailable: Int { replicas - maxUnavailable }

    /// How many pods there may be in all.
    var maxReplicas: Int { replicas + maxSurge }
}

/// A ReplicaSet of a Deployment.
struct RolloutReplicaSet: Sendable {
    let object: APIObject
    /// How many pods it wants.
    var replicas: Int
    let created: Timestamp

    init(_ object: APIObject) {
        self.object = object
        replicas = object.spec["replicas"]?.int ?? 1
        created = object.creationTimestamp ?? Timestamp(nanoseconds: 0)
    }

    var name: String { object.name }
    var annotations: [String: String] { object.annotations }
    var template: JSONValue { object.spec["template"] ?? .emptyObject }
    /// How many pods it has.
    var actual: Int { status("replicas") }
    var ready: Int { status("readyReplicas") }
    var available: Int { status("availableReplicas") }
    /// How many of its pods are and stay available: what it wants no more goes, although its status still has it.
    var lastingAvailable: Int { min(available, replicas) }
    /// How many of its pods are being deleted; nil when its controller has not said.
    var terminating: Int? { object.status["terminatingReplicas"]?.int }
    /// Its number in the history of the Deployment; 0 when it has none.
    var revision: Int64 { annotations[DeploymentAnnotation.revision].flatMap { Int64($0) } ?? 0 }
    /// Whether its controller has nothing left to do with it.
    var isAtRest: Bool {
        actual == 0 && replicas == 0 && !object.isTerminating
            && object.generation <= object.status["observedGeneration"]?.integer ?? 0
    }

    private func status(_ name: String) -> Int { object.status[name]?.int ?? 0 }

    /// Whether its template is `other`, but for the hash.
    // Kubernetes: pkg/controller/deployment/util/deployment_util.go EqualIgnoreHash
    func hasTemplate(_ other: JSONValue) -> Bool { Self.withoutHash(template) == Self.withoutHash(other) }

    private static func withoutHash(_ template: JSONValue) -> JSONValue {
        var template = template
        template[path: "metadata", "labels", DeploymentAnnotation.hashLabel] = nil
        for member in ["labels", "annotations"] where template[path: "metadata", member]?.object?.isEmpty == true {
            template[path: "metadata", member] = nil
        }
        return template
    }
}

/// By what a Deployment knows its ReplicaSets again.
// Kubernetes: pkg/controller/deployment/util/deployment_util.go
enum DeploymentAnnotation {
    static let revision = "deployment.kubernetes.io/revision"
    static let revisionHistory = "deployment.kubernetes.io/revision-history"
    static let desiredReplicas = "deployment.kubernetes.io/desired-replicas"
    static let maxReplicas = "deployment.kubernetes.io/max-replicas"
    static let hashLabel = "pod-template-hash"
    /// How long the list of former revisions may become, in bytes.
    static let maximumHistoryBytes = 2000
    /// What a ReplicaSet does not take over from its Deployment.
    static let ownedByEither: Set<String> = [
        "kubectl.kubernetes.io/last-applied-configuration", revision, revisionHistory, desiredReplicas, maxReplicas,
        "deprecated.deployment.rollback.to",
    ]
}
