// SPDX-License-Identifier: Apache-2.0
// What of a quota is used, counted from scratch.

import OrderedCollections
import PodiumClient
import PodiumCodec
import PodiumKinds
import PodiumMachinery
import PodiumPodModel

/// The status that a quota ought to have.
// Kubernetes: apiserver/pkg/quota/v1/resources.go CalculateUsage
struct QuotaCount: Sendable {
    private let hard: ResourceList
    private let used: ResourceList
    /// How many objects were looked at.
    let size: Int

    /// - Parameters:
    ///   - quota: the quota as it is now; what nobody can count stays as it was.
    ///   - evaluators: those of all collections.
    ///   - list: the objects of a collection in the namespace of the quota.
    init(
        _ quota: JSONValue,
        _ evaluators: [QuotaEvaluator],
        now: Timestamp,
        list: (GroupResource) throws(StatusError) -> [APIObject]
    ) throws(StatusError) {
        let spec = quota["spec"]
        hard = ResourceList(json: spec?["hard"])
        var counted: ResourceList = [:]
        var size = 0
        for evaluator in evaluators {
            let names = Array(hard.keys).filter(evaluator.counts)
            if names.isEmpty { continue }
            let objects = try list(evaluator.resource)
            size += objects.count
            for name in names { counted[name] = counted[name] ?? .zero }
            counted += Self.usage(of: objects, evaluator, spec, now: now).filter { names.contains($0.key) }
        }
        used = ResourceList(json: quota[path: "status", "used"]).merging(counted) { $1 }
            .filter { [hard] in hard[$0.key] != nil }
        self.size = size
    }

    private static func usage(
        of objects: [APIObject],
        _ evaluator: QuotaEvaluator,
        _ spec: JSONValue?,
        now: Timestamp
    ) -> ResourceList {
        var sum: ResourceList = [:]
        if evaluator.countsAlike {
            guard evaluator.isInScope(.emptyObject, of: spec) else { return [:] }
            // One is as good as another, so that nobody need be read.
            return evaluator.usage(of: .emptyObject, now: now).mapValues { $0 * Int64(objects.count) }
        }
        for object in objects where evaluator.isInScope(object.value, of: spec) {
            sum += evaluator.usage(of: object.value, now: now)
        }
        return sum
    }

    /// Writes the status into `quota`.
    /// - Returns: whether anything changed.
    func write(to quota: inout JSONValue) -> Bool {
        let old = quota["status"]
        let isKnown = old?.isSet("hard") == true && old?.isSet("used") == true
        if isKnown, ResourceList(json: old?["hard"]) == hard, ResourceList(json: old?["used"]) == used { return false }
        var status: JSONObject = [:]
        if !hard.isEmpty { status["hard"] = hard.value }
        if !used.isEmpty { status["used"] = used.value }
        if !isKnown, .object(status) == old { return false }
        quota["status"] = .object(status)
        return true
    }
}
