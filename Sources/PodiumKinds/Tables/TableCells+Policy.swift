// SPDX-License-Identifier: Apache-2.0
// The cells of budgets, priorities, roles, certificates and device claims.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

extension TableCells {
    var roleBinding: [JSONValue] {
        let subjects = object.list("subjects")
        func names(_ kind: String) -> JSONValue {
            let matching = subjects.filter { $0.text("kind") == kind }
            let texts = matching.map { subject in
                let namespace = subject.text("namespace")
                return kind == "ServiceAccount" && !namespace.isEmpty
                    ? "\(namespace)/\(subject.text("name"))" : subject.text("name")
            }
            return .string(texts.joined(separator: ", "))
        }
        return [
            name, "\(object.text("roleRef", "kind"))/\(object.text("roleRef", "name"))", age, names("User"),
            names("Group"), names("ServiceAccount"),
        ]
    }

    var certificateSigningRequest: [JSONValue] {
        let types = Set(object.list("status", "conditions").map { $0.text("type") })
        var condition = types.contains("Denied") ? "Denied" : types.contains("Approved") ? "Approved" : "Pending"
        if types.contains("Failed") { condition += ",Failed" }
        if !object.text("status", "certificate").isEmpty { condition += ",Issued" }
        let seconds = object.at(["spec", "expirationSeconds"])?.integer
        return [
            name, age, .string(object.text("spec", "signerName", or: "<none>")),
            .string(object.text("spec", "username")),
            .string(seconds.map { HumanDuration.text(.seconds($0)) } ?? "<none>"), .string(condition),
        ]
    }

    var claimState: String {
        let isDeleted = object.at(["metadata", "deletionTimestamp"]) != nil
        var states = isDeleted ? ["deleted"] : []
        if object.at(["status", "allocation"]) == nil {
            if !isDeleted { states.append("pending") }
        } else {
            states.append("allocated")
            if !object.list("status", "reservedFor").isEmpty { states.append("reserved") }
        }
        return states.joined(separator: ",")
    }
}
