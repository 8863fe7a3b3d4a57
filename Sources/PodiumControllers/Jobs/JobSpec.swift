// SPDX-License-Identifier: Apache-2.0
// What a Job wants, and its pods as it sees them.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumPodModel
import PodiumStorage

/// The specification of a Job.
struct JobSpec: Sendable {
    /// Who cares for Jobs that do not say who.
    static let ownManager = "kubernetes.io/job-controller"

    let parallelism: Int
    /// How many pods must succeed; nil when one suffices.
    let completions: Int?
    let backoffLimit: Int
    /// How many failures each index may have; nil when they are counted together.
    let backoffLimitPerIndex: Int?
    let maxFailedIndexes: Int?
    let activeDeadline: Duration?
    let isIndexed: Bool
    let isSuspended: Bool
    /// Whether a pod that is being deleted is replaced only after it has finished.
    let replacesOnlyFailed: Bool
    let restartsOnFailure: Bool
    let failurePolicy: PodFailurePolicy?
    let successPolicy: SuccessPolicy?
    let template: JSONValue
    let selector: LabelSelector
    /// Whether somebody else cares for it.
    let isManagedElsewhere: Bool

    init(_ spec: JSONValue) {
        parallelism = spec["parallelism"]?.int ?? 1
        completions = spec["completions"]?.int
        backoffLimit = spec["backoffLimit"]?.int ?? 6
        isIndexed = spec["completionMode"]?.string == "Indexed"
        backoffLimitPerIndex = isIndexed ? spec["backoffLimitPerIndex"]?.int : nil
        maxFailedIndexes = spec["maxFailedIndexes"]?.int
        activeDeadline = spec["activeDeadlineSeconds"]?.integer.map { .seconds($0) }
        isSuspended = spec["suspend"]?.bool ?? false
        failurePolicy = spec["podFailurePolicy"]?.object.map { PodFailurePolicy(.object($0)) }
        successPolicy = isIndexed ? spec["successPolicy"]?.object.map { SuccessPolicy(.object($0)) } : nil
        replacesOnlyFailed = failurePolicy != nil || spec["podReplacementPolicy"]?.string == "Failed"
        template = spec["template"] ?? .emptyObject
        restartsOnFailure = template[path: "spec", "restartPolicy"] == "OnFailure"
        selector = LabelSelector(object: spec["selector"])
        isManagedElsewhere = spec["managedBy"]?.string.map { $0 != Self.ownManager } ?? false
    }

    /// How many completions an indexed Job has.
    var indexCount: Int { completions ?? 0 }
}

/// A pod of a Job.
struct JobPod: Sendable {
    static let trackingFinalizer = "batch.kubernetes.io/job-tracking"
    static let indexName = "batch.kubernetes.io/job-completion-index"
    static let failuresAnnotation = "batch.kubernetes.io/job-index-failure-count"
    static let ignoredFailuresAnnotation = "batch.kubernetes.io/job-index-ignored-failure-count"

    let pod: WorkloadPod
    /// The index that it works on; nil when it says none.
    let index: Int?
    /// Whether it is held until the status counts it.
    let isTracked: Bool
    /// Whether it counts as failed.
    let isFailed: Bool

    /// - Parameters:
    ///   - isTracked: whether the tracking finalizer holds it.
    ///   - replacesOnlyFailed: whether a pod that is being deleted counts only when it has ended.
    // Kubernetes: pkg/controller/job/job_controller.go isPodFailed
    init(_ pod: WorkloadPod, isTracked: Bool, replacesOnlyFailed: Bool) {
        self.pod = pod
        self.isTracked = isTracked
        index = pod.details.annotations[Self.indexName].flatMap { Int($0) }.flatMap { $0 < 0 ? nil : $0 }
        isFailed = pod.phase == .failed || (!replacesOnlyFailed && pod.isTerminating && pod.phase != .succeeded)
    }

    var uid: String { pod.uid }
    var hasSucceeded: Bool { pod.phase == .succeeded }
    var status: JSONValue { pod.object.status }

    /// How often its index had failed before it.
    var earlierFailures: Int { count(Self.failuresAnnotation) }
    /// How often it had done so in ways that do not count.
    var earlierIgnoredFailures: Int { count(Self.ignoredFailuresAnnotation) }

    private func count(_ annotation: String) -> Int { pod.details.annotations[annotation].flatMap { Int($0) } ?? 0 }

    /// When it ended, as well as can be told.
    // Kubernetes: pkg/controller/job/backoff_utils.go getFinishedTime
    var finished: Timestamp {
        let object = pod.object
        let ends = (object.status["containerStatuses"]?.elements ?? []).map { status in
            status[path: "state", "terminated", "finishedAt"]?.string.flatMap { Timestamp(rfc3339: $0) }
        }
        if !ends.isEmpty, ends.allSatisfy({ $0 != nil }), let last = ends.compactMap({ $0 }).max() { return last }
        if let ready = object.condition(PodConditionType.ready), ready["status"]?.string == "False",
            let since = ready["lastTransitionTime"]?.string.flatMap({ Timestamp(rfc3339: $0) })
        {
            return since
        }
        if let deletion = object.deletionTimestamp {
            return deletion - .seconds(object.metadata["deletionGracePeriodSeconds"]?.integer ?? 0)
        }
        return pod.details.created
    }

    /// How often its containers were restarted.
    var restarts: Int {
        // Of most pods the tree need not be read for this.
        if pod.details.restarts == 0 { return 0 }
        let status = status
        return ["initContainerStatuses", "containerStatuses"].flatMap { status[$0]?.elements ?? [] }
            .reduce(0) { $0 + ($1["restartCount"]?.int ?? 0) }
    }

    /// Whether it goes before `other` when there are too many.
    // Kubernetes: pkg/controller/controller_utils.go ActivePods
    func goes(before other: JobPod) -> Bool {
        let (left, right) = (pod, other.pod)
        if left.nodeName.isEmpty != right.nodeName.isEmpty { return left.nodeName.isEmpty }
        if left.phase != right.phase { return Self.rank(left.phase) < Self.rank(right.phase) }
        if left.isReady != right.isReady { return right.isReady }
        if let a = left.details.readySince, let b = right.details.readySince, a != b { return a > b }
        if left.details.restarts != right.details.restarts { return left.details.restarts > right.details.restarts }
        return left.details.created > right.details.created
    }

    private static func rank(_ phase: WorkloadPod.Phase) -> Int {
        switch phase {
        case .pending: 0
        case .unknown: 1
        default: 2
        }
    }
}

extension JobPod {
    /// What `template` becomes for one index: its pod knows it by label, annotation, variable and host name.
    // Kubernetes: pkg/controller/job/indexed_job_utils.go addCompletionIndexAnnotation
    static func metadata(of index: Int, spec: JobSpec, replacing previous: JobPod?) -> JSONObject {
        var annotations: JSONObject = [indexName: .string(String(index))]
        guard spec.backoffLimitPerIndex != nil else { return annotations }
        var failures = previous?.earlierFailures ?? 0
        var ignored = previous?.earlierIgnoredFailures ?? 0
        if let previous {
            let counts = spec.failurePolicy?.verdict(on: previous).counts ?? true
            if counts { failures += 1 } else { ignored += 1 }
        }
        annotations[failuresAnnotation] = .string(String(failures))
        if ignored > 0 { annotations[ignoredFailuresAnnotation] = .string(String(ignored)) }
        return annotations
    }

    /// Gives the containers of a pod the variable with the index.
    // Kubernetes: pkg/controller/job/indexed_job_utils.go addCompletionIndexEnvVariables
    static func addIndexVariable(to template: inout JSONValue) {
        let name: JSONValue = "JOB_COMPLETION_INDEX"
        let variable: JSONValue = [
            "name": name,
            "valueFrom": ["fieldRef": ["fieldPath": .string("metadata.labels['\(indexName)']")]],
        ]
        for list in ["initContainers", "containers"] {
            guard let containers = template[path: "spec", list]?.array else { continue }
            template[path: "spec", list] = .array(
                containers.map { container in
                    let variables = container["env"]?.elements ?? []
                    if variables.contains(where: { $0["name"] == name }) { return container }
                    var container = container
                    container["env"] = .array(variables + [variable])
                    return container
                }
            )
        }
    }

    /// What the name of the pod of an index begins with, cut so that the whole stays legal.
    // Kubernetes: pkg/controller/job/indexed_job_utils.go podGenerateNameWithIndex
    static func namePrefix(_ job: String, _ index: Int) -> String {
        let maximum = 58
        let suffix = "-\(index)-"
        return String(decoding: job.utf8.prefix(maximum - suffix.utf8.count), as: UTF8.self) + suffix
    }
}
