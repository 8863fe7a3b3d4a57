// SPDX-License-Identifier: Apache-2.0
// The cells of what configures the API server itself: admission, priority and fairness, aggregation.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

extension TableCells {
    func counted(_ field: String) -> [JSONValue] { [name, .integer(Int64(object.count(field))), age] }

    var apiService: [JSONValue] {
        let service = object.at(["spec", "service"]).map { "\($0.text("namespace"))/\($0.text("name"))" } ?? "Local"
        let condition = object.list("status", "conditions").first { $0.text("type") == "Available" }
        var available = condition?.text("status") ?? "Unknown"
        if let condition, available != "True" { available += " (\(condition.text("reason")))" }
        return [name, .string(service), .string(available), age]
    }

    func admissionPolicy(_ field: String) -> [JSONValue] {
        let kind = object.at(["spec", "paramKind"]).map { "\($0.text("apiVersion"))/\($0.text("kind"))" }
        return [name, .integer(Int64(object.count("spec", field))), .string(kind ?? "<unset>"), age]
    }

    var admissionPolicyBinding: [JSONValue] {
        var parameter = "<unset>"
        if let reference = object.at(["spec", "paramRef"]) {
            let target = reference.text("name")
            if !target.isEmpty {
                parameter = "\(reference.text("namespace", or: "*"))/\(target)"
            } else if reference.at(["selector"]) != nil {
                parameter = reference.selector("selector")
            }
        }
        return [name, .string(object.text("spec", "policyName")), .string(parameter), age]
    }

    var flowSchema: [JSONValue] {
        let dangling = object.list("status", "conditions").first { $0.text("type") == "Dangling" }
        return [
            name, .string(object.text("spec", "priorityLevelConfiguration", "name")),
            .integer(object.number("spec", "matchingPrecedence")),
            .string(object.text("spec", "distinguisherMethod", "type", or: "<none>")), age,
            .string(dangling?.text("status") ?? "?"),
        ]
    }

    var priorityLevel: [JSONValue] {
        let limited = object.at(["spec", "limited"])
        let queuing = limited?.at(["limitResponse", "queuing"])
        func cell(_ value: JSONValue?) -> JSONValue { value ?? "<none>" }
        return [
            name, .string(object.text("spec", "type")), cell(limited?["nominalConcurrencyShares"]),
            cell(queuing?["queues"]), cell(queuing?["handSize"]), cell(queuing?["queueLengthLimit"]), age,
        ]
    }
}
