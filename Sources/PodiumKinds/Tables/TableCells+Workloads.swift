// SPDX-License-Identifier: Apache-2.0
// The cells of workloads: what a controller wants and what there is.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

extension TableCells {
    /// The selector at `path`, `<none>` when it is empty.
    func selectorText(_ first: String, _ rest: String...) -> String {
        let text = object.at([first] + rest)?.selector() ?? ""
        return text.isEmpty ? "<none>" : text
    }

    private func count(_ field: String) -> JSONValue { .integer(object.number("status", field)) }

    func replicaSet(selector: String) -> [JSONValue] {
        let (names, images) = object.containers("spec", "template")
        return [
            name, .integer(object.number("spec", "replicas")), count("replicas"), count("readyReplicas"), age, names,
            images, .string(selector),
        ]
    }

    var deployment: [JSONValue] {
        let (names, images) = object.containers("spec", "template")
        let ready = "\(object.number("status", "readyReplicas"))/\(object.number("spec", "replicas"))"
        return [
            name, .string(ready), count("updatedReplicas"), count("availableReplicas"), age, names, images,
            .string(object.selector("spec", "selector")),
        ]
    }

    var statefulSet: [JSONValue] {
        let (names, images) = object.containers("spec", "template")
        let ready = "\(object.number("status", "readyReplicas"))/\(object.number("spec", "replicas"))"
        return [name, .string(ready), age, names, images]
    }

    var daemonSet: [JSONValue] {
        let (names, images) = object.containers("spec", "template")
        return [
            name, count("desiredNumberScheduled"), count("currentNumberScheduled"), count("numberReady"),
            count("updatedNumberScheduled"), count("numberAvailable"),
            .string(object.labels("spec", "template", "spec", "nodeSelector")), age, names, images,
            .string(selectorText("spec", "selector")),
        ]
    }

    var controllerRevision: [JSONValue] {
        let owner = object.list("metadata", "ownerReferences").first { $0.flag("controller") }
        var controller = "<none>"
        if let owner {
            let group = GroupVersion(owner.text("apiVersion"))?.group ?? ""
            let kind = GroupResource(group: group, resource: owner.text("kind")).description.lowercased()
            controller = "\(kind)/\(owner.text("name"))"
        }
        return [name, .string(controller), .integer(object.number("revision")), age]
    }

    // MARK: Jobs

    var job: [JSONValue] {
        let (names, images) = object.containers("spec", "template")
        return [
            name, .string(jobStatus), .string(completions), .string(jobDuration), age, names, images,
            .string(selectorText("spec", "selector")),
        ]
    }

    private var jobStatus: String {
        let conditions = object.list("status", "conditions")
        func has(_ type: String) -> Bool {
            conditions.first { $0.text("type") == type }?.text("status") == "True"
        }
        if has("Complete") { return "Complete" }
        if has("Failed") { return "Failed" }
        if object.at(["metadata", "deletionTimestamp"]) != nil { return "Terminating" }
        if has("Suspended") { return "Suspended" }
        return has("FailureTarget") ? "FailureTarget" : "Running"
    }

    private var completions: String {
        let succeeded = object.number("status", "succeeded")
        if let wanted = object.at(["spec", "completions"])?.integer { return "\(succeeded)/\(wanted)" }
        let parallelism = object.number("spec", "parallelism")
        return parallelism > 1 ? "\(succeeded)/1 of \(parallelism)" : "\(succeeded)/1"
    }

    private var jobDuration: String {
        guard let start = Timestamp(rfc3339: object.text("status", "startTime")) else { return "" }
        let end = Timestamp(rfc3339: object.text("status", "completionTime")) ?? now
        return HumanDuration.text(end - start)
    }

    var cronJob: [JSONValue] {
        let (names, images) = object.containers("spec", "jobTemplate", "spec", "template")
        let suspend = object.at(["spec", "suspend"])?.bool.map { $0 ? "True" : "False" } ?? "<unset>"
        let last = object.text("status", "lastScheduleTime")
        return [
            name, .string(object.text("spec", "schedule")), .string(object.text("spec", "timeZone", or: "<none>")),
            .string(suspend), .integer(Int64(object.count("status", "active"))),
            last.isEmpty ? "<none>" : age(last), age, names, images,
            .string(selectorText("spec", "jobTemplate", "spec", "selector")),
        ]
    }

    // MARK: Autoscalers

    var autoscaler: [JSONValue] {
        let target = object.at(["spec", "scaleTargetRef"]) ?? .emptyObject
        return [
            name, "\(target.text("kind"))/\(target.text("name"))",
            .string(metrics), .string(object.amount("spec", "minReplicas", or: "<unset>")),
            .integer(object.number("spec", "maxReplicas")), count("currentReplicas"), age,
        ]
    }

    private var metrics: String {
        // Version 1 knows one metric and has it beside the replicas.
        if let target = object.at(["spec", "targetCPUUtilizationPercentage"])?.integer {
            let current = object.at(["status", "currentCPUUtilizationPercentage"])?.integer
            return "cpu: \(current.map { "\($0)%" } ?? "<unknown>")/\(target)%"
        }
        let current = object.list("status", "currentMetrics")
        let texts = object.list("spec", "metrics").enumerated().map { index, spec in
            Self.metric(spec, current.indices.contains(index) ? current[index] : .emptyObject)
        }
        return shortened(texts, maximum: 2, separator: ", ", or: "<none>")
    }

    private static func metric(_ spec: JSONValue, _ status: JSONValue) -> String {
        switch spec.text("type") {
        case "External": source(spec, status, "external")
        case "Object": source(spec, status, "object")
        case "Pods":
            status.amount("pods", "current", "averageValue", or: "<unknown>")
                + "/" + spec.amount("pods", "target", "averageValue", or: "0")
        case "Resource": resource(spec, status, "resource")
        case "ContainerResource": resource(spec, status, "containerResource")
        default: "<unknown type>"
        }
    }

    private static func source(_ spec: JSONValue, _ status: JSONValue, _ field: String) -> String {
        if let average = spec.at([field, "target", "averageValue"]) {
            let current = status.amount(field, "current", "averageValue", or: "<unknown>")
            return "\(current)/\(average.amount(or: "0")) (avg)"
        }
        let current = status.amount(field, "current", "value", or: "<unknown>")
        return "\(current)/\(spec.amount(field, "target", "value", or: "0"))"
    }

    private static func resource(_ spec: JSONValue, _ status: JSONValue, _ field: String) -> String {
        let name = spec.text(field, "name")
        if let average = spec.at([field, "target", "averageValue"]) {
            let current = status.amount(field, "current", "averageValue", or: "<unknown>")
            return "\(name): \(current)/\(average.amount(or: "0"))"
        }
        let current = status.at([field, "current", "averageUtilization"])?.integer
        let target = spec.at([field, "target", "averageUtilization"])?.integer
        return "\(name): \(current.map { "\($0)%" } ?? "<unknown>")/\(target.map { "\($0)%" } ?? "<auto>")"
    }
}
