// SPDX-License-Identifier: Apache-2.0
// The cells of the core group's small kinds: nodes, namespaces, config, events.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

extension TableCells {
    var node: [JSONValue] {
        let status = object["status"] ?? .emptyObject
        let ready = status.list("conditions").last { $0.text("type") == "Ready" }?.text("status")
        var state = ready.map { $0 == "True" ? "Ready" : "NotReady" } ?? "Unknown"
        if object.flag("spec", "unschedulable") { state += ",SchedulingDisabled" }
        let kernel = status.text("nodeInfo", "kernelVersion")
        let architecture = status.text("nodeInfo", "architecture")
        let kernelText = architecture.isEmpty ? kernel : "\(kernel) (\(architecture))"
        return [
            name, .string(state), .string(roles), age, .string(status.text("nodeInfo", "kubeletVersion")),
            .string(address("InternalIP")), .string(address("ExternalIP")),
            .string(status.text("nodeInfo", "osImage", or: "<unknown>")),
            .string(kernel.isEmpty ? "<unknown>" : kernelText),
            .string(status.text("nodeInfo", "containerRuntimeVersion", or: "<unknown>")),
        ]
    }

    private var roles: String {
        let prefix = "node-role.kubernetes.io/"
        var roles: Set<String> = []
        for (key, value) in object["metadata"]?["labels"]?.stringMap ?? [:] {
            if key.hasPrefix(prefix) { roles.insert(String(key.dropFirst(prefix.count))) }
            if key == "kubernetes.io/role" { roles.insert(value) }
        }
        roles.remove("")
        return roles.isEmpty ? "<none>" : roles.sorted().joined(separator: ",")
    }

    private func address(_ type: String) -> String {
        object.list("status", "addresses").first { $0.text("type") == type }?.text("address") ?? "<none>"
    }

    /// An event of either group: both are the same object under other names.
    var event: [JSONValue] {
        let involved = object["involvedObject"] ?? object["regarding"] ?? .emptyObject
        let kind = involved.text("kind").lowercased()
        let target = involved.text("name").isEmpty ? kind : "\(kind)/\(involved.text("name"))"
        let source = object["source"] ?? object["deprecatedSource"] ?? .emptyObject
        let component = source.text("component", or: controller)
        let instance = source.text("host", or: object.text("reportingInstance"))
        let first = firstSeen
        let series = object.at(["series"])
        let last = series.map { age($0.text("lastObservedTime")) } ?? lastSeen(first: first)
        let seen = object.number("count") + object.number("deprecatedCount")
        return [
            last, .string(object.text("type")), .string(object.text("reason")), .string(target),
            .string(involved.text("fieldPath")),
            .string(instance.isEmpty ? component : "\(component), \(instance)"),
            .string(message), first, .integer(series?.number("count") ?? max(seen, 1)), name,
        ]
    }

    private var controller: String { object.text("reportingComponent", or: object.text("reportingController")) }

    private var message: String {
        let text = object.text("message", or: object.text("note"))
        let units = text.unicodeScalars
        guard let start = units.firstIndex(where: { !$0.properties.isWhitespace }),
            let end = units.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(units[start...end])
    }

    private var firstSeen: JSONValue {
        let time = object.text("firstTimestamp", or: object.text("deprecatedFirstTimestamp"))
        return age(time.isEmpty ? object.text("eventTime") : time)
    }

    private func lastSeen(first: JSONValue) -> JSONValue {
        let time = object.text("lastTimestamp", or: object.text("deprecatedLastTimestamp"))
        return time.isEmpty ? first : age(time)
    }

    var resourceQuota: [JSONValue] {
        var requests: [String] = []
        var limits: [String] = []
        for resource in (object.at(["status", "hard"])?.object?.keys.sorted() ?? []) {
            let used = object.amount("status", "used", resource, or: "0")
            let entry = "\(resource): \(used)/\(object.amount("status", "hard", resource, or: "0"))"
            if resource.hasPrefix("limits.") { limits.append(entry) } else { requests.append(entry) }
        }
        return [name, .string(requests.joined(separator: ", ")), .string(limits.joined(separator: ", ")), age]
    }

    var componentStatus: [JSONValue] {
        guard let condition = object.list("conditions").first(where: { $0.text("type") == "Healthy" }) else {
            return [name, "Unknown", "", ""]
        }
        let status = condition.text("status") == "True" ? "Healthy" : "Unhealthy"
        return [name, .string(status), .string(condition.text("message")), .string(condition.text("error"))]
    }
}
