// SPDX-License-Identifier: Apache-2.0
// Services: defaults of type, policies and ports, and how an update keeps or gives up what was allocated.

package import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What is special about Services.
// Kubernetes: pkg/registry/core/service/strategy.go, storage/storage.go; pkg/apis/core/v1/defaults.go
package struct ServiceStrategy: KindStrategy {
    var emptyStatus: JSONValue? { ["loadBalancer": [:]] }
    var allowsCreateOnUpdate: Bool { true }

    func nameErrors(_ name: String, isPrefix: Bool) -> [String] {
        NameValidation.dns1123Label(name, isPrefix: isPrefix)
    }

    func applyDefaults(_ object: inout JSONValue) {
        var spec = object["spec"] ?? .emptyObject
        Self.applyAffinityDefaults(&spec)
        spec.setDefault("type", "ClusterIP")
        spec.updateElements(of: "ports") { port in
            port.setDefault("protocol", "TCP")
            let target = IntOrString(port["targetPort"])
            if target == nil || target == .int(0) || target == .string("") {
                port["targetPort"] = port["port"] ?? 0
            }
        }
        let type = spec["type"]?.string ?? ""
        if Self.isExternallyAccessible(spec) { spec.setDefault("externalTrafficPolicy", "Cluster") }
        if ["ClusterIP", "NodePort", "LoadBalancer"].contains(type), !spec.isSet("internalTrafficPolicy") {
            spec["internalTrafficPolicy"] = "Cluster"
        }
        if type == "LoadBalancer", !spec.isSet("allocateLoadBalancerNodePorts") {
            spec["allocateLoadBalancerNodePorts"] = true
        }
        object["spec"] = spec
        guard type == "LoadBalancer" else { return }
        object.updateMember("status") { status in
            status.updateMember("loadBalancer") { balancer in
                balancer.updateElements(of: "ingress") { ingress in
                    if ingress.hasText("ip"), !ingress.isSet("ipMode") { ingress["ipMode"] = "VIP" }
                }
            }
        }
    }

    private static func applyAffinityDefaults(_ spec: inout JSONValue) {
        spec.setDefault("sessionAffinity", "None")
        switch spec["sessionAffinity"]?.string {
        case "None": spec["sessionAffinityConfig"] = nil
        case "ClientIP" where spec[path: "sessionAffinityConfig", "clientIP", "timeoutSeconds"]?.integer == nil:
            spec["sessionAffinityConfig"] = ["clientIP": ["timeoutSeconds": 10800]]
        default: break
        }
    }

    func prepareSpec(_ object: inout JSONValue, context: StrategyContext) throws(StatusError) {
        let allocation = try ServiceAllocation(context)
        object.updateMember("spec") { spec in
            Self.alignAddresses(&spec, old: nil)
            Self.dropUnusedFields(&spec, old: nil)
            allocation.complete(&spec, old: nil)
        }
    }

    func prepareSpec(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) throws(StatusError) {
        let before = old["spec"] ?? .emptyObject
        let allocation = try ServiceAllocation(context)
        object.updateMember("spec") { spec in
            Self.carryOver(&spec, from: before)
            Self.alignAddresses(&spec, old: before)
            Self.dropUnusedFields(&spec, old: before)
            allocation.complete(&spec, old: before)
        }
    }

    func validate(_ object: JSONValue, context: StrategyContext) throws(StatusError) -> [FieldError] {
        let errors = ServiceValidation.errors(object)
        guard errors.isEmpty else { return errors }
        return try ServiceAllocation(context).errors(object, old: nil)
    }

    func validateUpdate(
        _ object: JSONValue,
        old: JSONValue,
        context: StrategyContext
    ) throws(StatusError) -> [FieldError] {
        let errors = ServiceValidation.updateErrors(object, old: old) + ServiceValidation.errors(object)
        guard errors.isEmpty else { return errors }
        return try ServiceAllocation(context).errors(object, old: old)
    }

    func exclusives(_ object: JSONValue, old: JSONValue?) -> Set<String> {
        ServiceAllocation.holdings(object).subtracting(old.map(ServiceAllocation.holdings) ?? [])
    }

    func validateStatus(_ object: JSONValue, old: JSONValue) -> [FieldError] {
        ServiceValidation.statusErrors(object)
    }

    func warnings(_ object: JSONValue, old: JSONValue?, context: StrategyContext) -> [String] {
        ServiceWarnings.texts(object, old: old)
    }
}

extension ServiceStrategy {
    static func isExternallyAccessible(_ spec: JSONValue) -> Bool {
        let type = spec["type"]?.string
        return type == "LoadBalancer" || type == "NodePort"
            || type == "ClusterIP" && !(spec["externalIPs"]?.elements.isEmpty ?? true)
    }

    static func needsHealthCheck(_ spec: JSONValue) -> Bool {
        spec["type"]?.string == "LoadBalancer" && spec["externalTrafficPolicy"]?.string == "Local"
    }

    static func isHeadless(_ spec: JSONValue) -> Bool {
        (spec["clusterIPs"]?.elements ?? []) == ["None"]
    }

    /// Whether ports of such a service are open on every node.
    package static func needsNodePorts(_ spec: JSONValue) -> Bool {
        switch spec["type"]?.string {
        case "NodePort": true
        case "LoadBalancer": spec["allocateLoadBalancerNodePorts"]?.bool ?? true
        default: false
        }
    }

    /// Brings the single address and the list of addresses together.
    // Kubernetes: pkg/registry/core/service/strategy.go NormalizeClusterIPs
    fileprivate static func alignAddresses(_ spec: inout JSONValue, old: JSONValue?) {
        let single = spec["clusterIP"]?.string ?? ""
        let list = spec["clusterIPs"]?.elements ?? []
        let isUntouched = list.isEmpty || old != nil && list == old?["clusterIPs"]?.elements ?? []
        if isUntouched, single != old?["clusterIP"]?.string ?? "" {
            // A client that knows only the single address set it.
            spec["clusterIPs"] = single.isEmpty ? nil : [.string(single)]
        } else if let old, list != old["clusterIPs"]?.elements ?? [], single == old["clusterIP"]?.string ?? "" {
            spec["clusterIP"] = list.first
        }
    }

    /// What an update leaves out stays as it was allocated, unless the type does without it.
    // Kubernetes: pkg/registry/core/service/storage/storage.go patchAllocatedValues
    fileprivate static func carryOver(_ spec: inout JSONValue, from old: JSONValue) {
        let type = spec["type"]?.string
        let oldType = old["type"]?.string
        if type != "ExternalName", oldType != "ExternalName" {
            if !spec.hasText("clusterIP") { spec["clusterIP"] = old["clusterIP"] }
            if spec["clusterIPs"]?.elements.isEmpty ?? true, spec["clusterIP"] == old["clusterIP"] {
                spec["clusterIPs"] = old["clusterIPs"]
            }
        }
        if needsNodePorts(spec), needsNodePorts(old) { carryOverNodePorts(&spec, from: old) }
        if needsHealthCheck(spec), needsHealthCheck(old), (spec["healthCheckNodePort"]?.integer ?? 0) == 0 {
            spec["healthCheckNodePort"] = old["healthCheckNodePort"]
        }
    }

    private static func carryOverNodePorts(_ spec: inout JSONValue, from old: JSONValue) {
        let before = Dictionary(
            (old["ports"]?.elements ?? []).map { ([$0["port"], $0["protocol"]], $0) },
            uniquingKeysWith: { first, _ in first }
        )
        var taken = Set((spec["ports"]?.elements ?? []).compactMap { Self.nodePortKey($0) })
        spec.updateElements(of: "ports") { port in
            guard (port["nodePort"]?.integer ?? 0) == 0 else { return }
            guard let match = before[[port["port"], port["protocol"]]], let key = nodePortKey(match),
                taken.insert(key).inserted
            else { return }
            port["nodePort"] = match["nodePort"]
        }
    }

    private static func nodePortKey(_ port: JSONValue) -> [JSONValue]? {
        guard let number = port["nodePort"]?.integer, number != 0 else { return nil }
        return [.integer(number), port["protocol"] ?? "TCP"]
    }

    /// Fields that only the old type had, and that the client repeats without meaning it.
    // Kubernetes: pkg/registry/core/service/strategy.go dropTypeDependentFields
    fileprivate static func dropUnusedFields(_ spec: inout JSONValue, old: JSONValue?) {
        guard let old else { return }
        let type = spec["type"]?.string
        let wasExternalName = old["type"]?.string == "ExternalName"
        if type == "ExternalName", !wasExternalName {
            for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]
            where spec[field] == nil || spec[field] == old[field] {
                spec[field] = nil
            }
        }
        if needsNodePorts(old), !needsNodePorts(spec), samePorts(spec, old) {
            spec.updateElements(of: "ports") { $0["nodePort"] = nil }
        }
        dropWhenRepeated("healthCheckNodePort", &spec, old, needed: needsHealthCheck)
        dropWhenRepeated("allocateLoadBalancerNodePorts", &spec, old) { $0["type"]?.string == "LoadBalancer" }
        dropWhenRepeated("loadBalancerClass", &spec, old) { $0["type"]?.string == "LoadBalancer" }
        dropWhenRepeated("externalTrafficPolicy", &spec, old, needed: isExternallyAccessible)
    }

    private static func dropWhenRepeated(
        _ field: String,
        _ spec: inout JSONValue,
        _ old: JSONValue,
        needed: (JSONValue) -> Bool
    ) {
        guard needed(old), !needed(spec), spec[field] == old[field] else { return }
        spec[field] = nil
    }

    private static func samePorts(_ spec: JSONValue, _ old: JSONValue) -> Bool {
        func numbers(_ spec: JSONValue) -> [JSONValue] { (spec["ports"]?.elements ?? []).map { $0["nodePort"] ?? 0 } }
        return numbers(spec) == numbers(old)
    }
}
