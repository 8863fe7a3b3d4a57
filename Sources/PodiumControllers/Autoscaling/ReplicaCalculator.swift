// SPDX-License-Identifier: Apache-2.0
// How many replicas it takes for the pods to use what they should.

import OrderedCollections
import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumPodModel
import PodiumStorage

/// Computes replicas from what pods use.
// Kubernetes: pkg/controller/podautoscaler/replica_calculator.go
struct ReplicaCalculator {
    /// The times of starting, in which what pods use says nothing about what they will use.
    enum Limits {
        static let cpuInitialization: Duration = .seconds(300)
        static let initialReadinessDelay: Duration = .seconds(30)
    }

    /// How far usage may be off its target before anything is done, as fractions.
    struct Tolerances: Hashable {
        static let standard = 0.1

        var down = standard
        var up = standard

        func include(_ ratio: Double) -> Bool { 1 - down <= ratio && ratio <= 1 + up }
    }

    /// How many replicas there should be, and what the pods use on average.
    struct Proposal: Hashable {
        var replicas: Int
        /// In thousandths.
        var average: Int64
        /// In percent of what was requested; nil when that does not matter.
        var utilization: Int64?
    }

    /// What is aimed at.
    enum Target: Hashable {
        /// In percent of what is requested.
        case utilization(Int64)
        /// In thousandths.
        case average(Int64)
    }

    let resource: String
    let container: String?
    let pods: [APIObject]
    let tolerances: Tolerances
    let now: Timestamp

    /// - Parameter metrics: what is known of the pods, by name.
    func proposal(for target: Target, from current: Int, _ metrics: [String: PodMetric]) throws -> Proposal {
        if pods.isEmpty {
            throw MetricsError(message: "no pods returned by selector while calculating replica count")
        }
        let groups = PodGroups(pods, metrics, resource: resource, now: now)
        var used = metrics.filter { !groups.ignored.contains($0.key) && !groups.unready.contains($0.key) }
            .mapValues(\.milliValue)
        if used.isEmpty {
            throw MetricsError(message: "did not receive metrics for targeted pods (pods might be unready)")
        }
        let requests = if case .utilization = target { try self.requests() } else { [String: Int64]() }
        let now = try ratio(used, requests, target)
        var proposal = Proposal(replicas: current, average: now.average, utilization: now.utilization)
        let growsWithUnready = !groups.unready.isEmpty && now.ratio > 1
        if !growsWithUnready, groups.missing.isEmpty {
            if !tolerances.include(now.ratio) { proposal.replicas = Self.ceil(now.ratio, groups.ready) }
            return proposal
        }
        for name in groups.missing {
            used[name] = missingUsage(target, ratio: now.ratio, request: requests[name])
        }
        if growsWithUnready { for name in groups.unready { used[name] = 0 } }
        let next = try ratio(used, requests, target).ratio
        // What is only assumed may neither turn growing into shrinking nor the other way round.
        if tolerances.include(next) || now.ratio < 1 && next > 1 || now.ratio > 1 && next < 1 { return proposal }
        let replicas = Self.ceil(next, used.count)
        if next < 1 && replicas > current || next > 1 && replicas < current { return proposal }
        proposal.replicas = replicas
        return proposal
    }

    private static func ceil(_ ratio: Double, _ count: Int) -> Int {
        Int(exactly: (ratio * Double(count)).rounded(.up)) ?? Int(Int32.max)
    }

    /// What a pod of which nothing is known counts as: the most when shrinking, nothing when growing.
    private func missingUsage(_ target: Target, ratio: Double, request: Int64?) -> Int64? {
        switch target {
        case .average(let average): ratio < 1 ? average : 0
        case .utilization(let percent):
            if ratio < 1 { (request ?? 0) * max(100, percent) / 100 } else { ratio > 1 ? 0 : nil }
        }
    }

    // Kubernetes: pkg/controller/podautoscaler/metrics/utilization.go
    private func ratio(
        _ used: [String: Int64],
        _ requests: [String: Int64],
        _ target: Target
    ) throws -> (ratio: Double, average: Int64, utilization: Int64?) {
        switch target {
        case .average(let average):
            let usage = used.values.reduce(0, +) / Int64(max(1, used.count))
            return (Double(usage) / Double(average), usage, nil)
        case .utilization(let percent):
            let counted = used.filter { requests[$0.key] != nil }
            let sum = counted.values.reduce(0, +)
            let requested = counted.keys.reduce(0) { $0 + (requests[$1] ?? 0) }
            if requested == 0 { throw MetricsError(message: "no metrics returned matched known pods") }
            let utilization = sum * 100 / requested
            return (Double(utilization) / Double(percent), sum / Int64(counted.count), utilization)
        }
    }

    /// What each pod requests of the resource, in thousandths.
    // Kubernetes: pkg/controller/podautoscaler/replica_calculator.go calculateRequests
    private func requests() throws -> [String: Int64] {
        var requests: [String: Int64] = [:]
        for pod in pods { requests[pod.name] = try request(of: pod) }
        return requests
    }

    private func request(of pod: APIObject) throws -> Int64 {
        func amount(_ owner: JSONValue) -> Int64? {
            Quantity(json: owner[path: "resources", "requests", resource])?.milliValue
        }
        if container == nil, let whole = amount(pod.spec) { return whole }
        let sidecars = pod.spec["initContainers"]?.elements.filter { $0["restartPolicy"] == "Always" } ?? []
        var sum: Int64 = 0
        for candidate in (pod.spec["containers"]?.elements ?? []) + sidecars {
            let name = candidate["name"]?.string ?? ""
            if let container, container != name { continue }
            guard let amount = amount(candidate) else {
                let place = "\(resource) in container \(name) of Pod \(pod.name)"
                throw MetricsError(message: "missing request for \(place)")
            }
            sum += amount
        }
        return sum
    }
}

/// The pods of an autoscaler, by how much what they use says.
// Kubernetes: pkg/controller/podautoscaler/replica_calculator.go groupPods
struct PodGroups: Hashable {
    private(set) var ready = 0
    private(set) var unready: Set<String> = []
    private(set) var missing: Set<String> = []
    private(set) var ignored: Set<String> = []

    init(_ pods: [APIObject], _ metrics: [String: PodMetric], resource: String, now: Timestamp) {
        for pod in pods {
            let phase = pod.status["phase"]?.string
            if pod.isTerminating || phase == "Failed" {
                ignored.insert(pod.name)
            } else if phase == "Pending" {
                unready.insert(pod.name)
            } else if let metric = metrics[pod.name] {
                if resource == "cpu", Self.isUnready(pod, metric, now: now) {
                    unready.insert(pod.name)
                } else {
                    ready += 1
                }
            } else {
                missing.insert(pod.name)
            }
        }
    }

    /// Whether a pod is still starting, or has never been ready.
    private static func isUnready(_ pod: APIObject, _ metric: PodMetric, now: Timestamp) -> Bool {
        func time(_ value: JSONValue?) -> Timestamp? { value?.string.flatMap { Timestamp(rfc3339: $0) } }
        guard let condition = pod.condition(PodConditionType.ready), let start = time(pod.status["startTime"]) else {
            return true
        }
        let isFalse = condition["status"] == "False"
        let changed = time(condition["lastTransitionTime"]) ?? start
        if start + ReplicaCalculator.Limits.cpuInitialization > now {
            return isFalse || metric.time < changed + metric.window
        }
        return isFalse && start + ReplicaCalculator.Limits.initialReadinessDelay > changed
    }
}
