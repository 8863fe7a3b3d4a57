// SPDX-License-Identifier: Apache-2.0
// A FlowSchema says whether the priority level exists that it refers to.

package import PodiumClient
import PodiumCodec
import PodiumHost
package import PodiumMachinery
import PodiumStorage

/// Keeps the condition `Dangling` of FlowSchemas, which their makers wait for before they count on them.
// Kubernetes: apiserver/pkg/util/flowcontrol/apf_controller.go
package final class FlowSchemaStatusController: InformedReconciler {
    package static let name = "priority-and-fairness-config-consumer"

    private static let condition = "Dangling"

    private let informers: SharedInformers
    /// What a cluster begins with says the right thing, and is not read for that.
    private let begin: Revision

    package init(informers: SharedInformers) {
        self.informers = informers
        begin = informers.client.storage.revision
    }

    package func watch(_ controller: Controller<NamespacedName>) {
        let begin = begin
        informers.handle(.flowSchemas) { event in
            if case .deleted = event { return }
            if event.object.revision > begin { controller.add(event.object.key.name) }
        }
        informers.handle(.priorityLevels) { event in
            switch event {
            case .updated: return
            case .added(let level) where level.revision <= begin: return
            case .added, .deleted: break
            }
            for schema in self.informers.objects(.flowSchemas)
            where Self.level(of: schema.stored.value()) == event.object.name {
                controller.add(schema.key.name)
            }
        }
    }

    package func reconcile(_ name: NamespacedName) throws -> ReconcileResult {
        let client = informers.client
        let now = client.host.clock.now
        try StatusError.ignoringAbsence { () throws(StatusError) in
            try client.updateStatus(ObjectKey(.flowSchemas, name)) { schema throws(StatusError) in
                let level = Self.level(of: schema)
                let isThere = try client.get(ObjectKey(.priorityLevels, name: level)) != nil
                return Self.set(isDangling: !isThere, level: level, now: now, in: &schema)
            }
        }
        return .done
    }

    private static func level(of schema: JSONValue) -> String {
        schema[path: "spec", "priorityLevelConfiguration", "name"]?.string ?? ""
    }

    /// Sets the condition; false when it stands there already.
    private static func set(isDangling: Bool, level: String, now: Timestamp, in schema: inout JSONValue) -> Bool {
        let status: JSONValue = isDangling ? "True" : "False"
        let tail = isDangling ? "but there is no such object" : "and it exists"
        let message =
            "This FlowSchema references the PriorityLevelConfiguration object named \(FieldError.quoted(level)) \(tail)"
        var conditions = schema[path: "status", "conditions"]?.elements ?? []
        let place = conditions.firstIndex { $0["type"]?.string == condition }
        if let place, conditions[place]["status"] == status, conditions[place]["message"]?.string == message {
            return false
        }
        let old = place.map { conditions[$0] }
        let sameSince = old?["status"] == status ? old?["lastTransitionTime"] : nil
        let fresh: JSONValue = [
            "type": .string(condition), "status": status, "lastTransitionTime": sameSince ?? .string(now.rfc3339),
            "reason": isDangling ? "NotFound" : "Found", "message": .string(message),
        ]
        if let place { conditions[place] = fresh } else { conditions.append(fresh) }
        schema[path: "status", "conditions"] = .array(conditions)
        return true
    }
}
