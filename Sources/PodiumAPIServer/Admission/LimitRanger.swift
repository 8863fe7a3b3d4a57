// SPDX-License-Identifier: Apache-2.0
// Gives containers the requests and limits that a namespace prescribes, and refuses those beyond its bounds.

import OrderedCollections
package import PodiumCodec
import PodiumKinds
package import PodiumMachinery
import PodiumPodModel
package import PodiumRegistry
import PodiumStorage

/// Applies the LimitRanges of a namespace to its pods and claims.
// Kubernetes: plugin/pkg/admission/limitranger/admission.go
package struct LimitRanger: AdmissionPlugin {
    package let name = "LimitRanger"

    private static let limitRanges = GroupResource(group: "", resource: "limitranges")

    package init() {}

    package func mutate(
        _ object: inout JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        guard attributes.isOn(.pods, .create) else { return }
        for range in try ranges(attributes.namespace, context) { fill(&object, from: range) }
    }

    package func validate(
        _ object: JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        let isPod = attributes.isOn(.pods, .create)
        guard isPod || attributes.isOn(.persistentVolumeClaims, .create, .update) else { return }
        for range in try ranges(attributes.namespace, context) {
            let limits = range[path: "spec", "limits"]?.elements ?? []
            let problems = limits.flatMap { limit in
                isPod ? LimitCheck(limit).problems(ofPod: object) : LimitCheck(limit).problems(ofClaim: object)
            }
            guard !problems.isEmpty else { continue }
            let text = problems.count == 1 ? problems[0] : "[\(problems.joined(separator: ", "))]"
            throw attributes.forbidden(object, text)
        }
    }

    private func ranges(_ namespace: String, _ context: StrategyContext) throws(StatusError) -> [JSONValue] {
        try context.storage.objects(of: Self.limitRanges, in: .namespace(namespace)).map { $0.value() }
    }

    /// Sets what containers leave out, and notes it in an annotation.
    private func fill(_ pod: inout JSONValue, from range: JSONValue) {
        var requests: JSONObject = [:]
        var limits: JSONObject = [:]
        for limit in range[path: "spec", "limits"]?.elements ?? [] where limit["type"]?.string == "Container" {
            for (name, amount) in limit["defaultRequest"]?.object ?? [:] { requests[name] = amount }
            for (name, amount) in limit["default"]?.object ?? [:] { limits[name] = amount }
        }
        guard !requests.isEmpty || !limits.isEmpty else { return }
        var notes: [String] = []
        pod.updateMember("spec") { spec in
            for (list, kind) in [("containers", "container"), ("initContainers", "init container")] {
                spec.updateElements(of: list) { container in
                    let name = container["name"]?.string ?? ""
                    notes += Self.fill(&container, "requests", requests).map { "\($0) request for \(kind) \(name)" }
                    notes += Self.fill(&container, "limits", limits).map { "\($0) limit for \(kind) \(name)" }
                }
            }
        }
        guard !notes.isEmpty else { return }
        let text = "LimitRanger plugin set: " + notes.joined(separator: "; ")
        pod[path: "metadata", "annotations", "kubernetes.io/limit-ranger"] = .string(text)
    }

    /// The names of the resources that were set, as one note; nothing when there are none.
    private static func fill(_ container: inout JSONValue, _ kind: String, _ amounts: JSONObject) -> [String] {
        let missing = amounts.filter { container[path: "resources", kind, $0.key] == nil }
        guard !missing.isEmpty else { return [] }
        for (name, amount) in missing { container[path: "resources", kind, name] = amount }
        return [missing.keys.sorted().joined(separator: ", ")]
    }
}

/// One entry of a LimitRange, asked about amounts.
private struct LimitCheck {
    let limit: JSONValue
    let type: String

    init(_ limit: JSONValue) {
        self.limit = limit
        type = limit["type"]?.string ?? ""
    }

    func problems(ofPod pod: JSONValue) -> [String] {
        let spec = pod["spec"] ?? .emptyObject
        switch type {
        case "Container":
            return ["containers", "initContainers"].flatMap { spec[$0]?.elements ?? [] }.flatMap { container in
                problems(
                    PodResources.amounts("requests", of: container),
                    PodResources.amounts("limits", of: container)
                )
            }
        case "Pod":
            return problems(
                PodResources.aggregate("requests", of: spec),
                PodResources.aggregate("limits", of: spec)
            )
        default: return []
        }
    }

    func problems(ofClaim claim: JSONValue) -> [String] {
        guard type == "PersistentVolumeClaim" else { return [] }
        let requests = PodResources.amounts("requests", of: claim["spec"] ?? .emptyObject)
        return amounts("min").flatMap { least($0, $1, requests, [:]) }
            + amounts("max").flatMap { name, bound -> [String] in
                guard let request = requests[name] else {
                    return ["maximum \(name) usage per \(type) is \(bound).  No request is specified"]
                }
                return request > bound
                    ? ["maximum \(name) usage per \(type) is \(bound), but request is \(request)"] : []
            }
    }

    private func problems(_ requests: ResourceList, _ limits: ResourceList) -> [String] {
        amounts("min").flatMap { least($0, $1, requests, limits) }
            + amounts("max").flatMap { most($0, $1, requests, limits) }
            + amounts("maxLimitRequestRatio").flatMap { ratio($0, $1, requests, limits) }
    }

    private func amounts(_ field: String) -> [(String, Quantity)] {
        (limit[field]?.object ?? [:]).compactMap { name, value in Quantity(json: value).map { (name, $0) } }
    }

    private func least(
        _ name: String,
        _ bound: Quantity,
        _ requests: ResourceList,
        _ limits: ResourceList
    ) -> [String] {
        let rule = "minimum \(name) usage per \(type) is \(bound)"
        guard let request = requests[name] else { return ["\(rule).  No request is specified"] }
        if request < bound { return ["\(rule), but request is \(request)"] }
        if let limit = limits[name], limit < bound { return ["\(rule), but limit is \(limit)"] }
        return []
    }

    private func most(
        _ name: String,
        _ bound: Quantity,
        _ requests: ResourceList,
        _ limits: ResourceList
    ) -> [String] {
        let rule = "maximum \(name) usage per \(type) is \(bound)"
        guard let limit = limits[name] else { return ["\(rule).  No limit is specified"] }
        if limit > bound { return ["\(rule), but limit is \(limit)"] }
        if let request = requests[name], request > bound { return ["\(rule), but request is \(request)"] }
        return []
    }

    private func ratio(
        _ name: String,
        _ bound: Quantity,
        _ requests: ResourceList,
        _ limits: ResourceList
    ) -> [String] {
        let rule = "\(name) max limit to request ratio per \(type) is \(bound)"
        guard let request = requests[name], !request.isZero else {
            return ["\(rule), but no request is specified or request is 0"]
        }
        guard let limit = limits[name], !limit.isZero else {
            return ["\(rule), but no limit is specified or limit is 0"]
        }
        let ratio = limit.double / request.double
        return ratio > bound.double ? ["\(rule), but provided ratio is \(FixedPoint.text(ratio))"] : []
    }
}
