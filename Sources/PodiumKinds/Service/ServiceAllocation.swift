// SPDX-License-Identifier: Apache-2.0
// Which cluster address and node ports a service gets.

import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumRegistry
import PodiumStorage

/// Allocates addresses and ports from what no other service holds.
///
/// The services themselves are the record: nothing is reserved apart, so nothing can leak. The address range is
/// searched from a random place on, as upstream does, so that freed addresses are not reused at once.
// Kubernetes: pkg/registry/core/service/storage/alloc.go, ipallocator, portallocator
struct ServiceAllocation {
    /// The ports that are open on every node.
    static let nodePorts = 30000...32767

    private let services: [StoredService]
    private let random: RandomSource
    private let network: ServiceNetwork

    /// What allocation needs to know of a service.
    private struct StoredService {
        let name: NamespacedName
        let spec: JSONValue
    }

    init(_ context: StrategyContext) throws(StatusError) {
        services = try context.storage.objects(of: .services).map {
            StoredService(name: $0.key.name, spec: $0.value()["spec"] ?? .emptyObject)
        }
        random = context.host.random
        network = context.serviceNetwork
    }

    /// Fills in families, policy, address and node ports that `spec` needs and does not name.
    func complete(_ spec: inout JSONValue, old: JSONValue?) {
        guard spec["type"]?.string != "ExternalName" else { return }
        completeFamilies(&spec, old: old)
        if (spec["clusterIPs"]?.elements ?? []).isEmpty, !spec.hasText("clusterIP"), isServed(spec) {
            if let address = freeAddress() {
                spec["clusterIP"] = .string(address)
                spec["clusterIPs"] = [.string(address)]
            }
        }
        completeNodePorts(&spec)
    }

    /// Whether the families asked for are those of the cluster; else validation refuses the service.
    private func isServed(_ spec: JSONValue) -> Bool {
        (spec["ipFamilies"]?.elements ?? []).allSatisfy { $0 == "IPv4" }
    }

    private func completeFamilies(_ spec: inout JSONValue, old: JSONValue?) {
        let isHeadless = spec["clusterIP"]?.string == "None"
        let isSelectorless = spec["selector"]?.object?.isEmpty ?? true
        if !spec.isSet("ipFamilyPolicy") {
            let inherited = old?["ipFamilyPolicy"]
            spec["ipFamilyPolicy"] =
                inherited ?? (isHeadless && isSelectorless ? "RequireDualStack" : "SingleStack")
        }
        guard spec["ipFamilies"]?.elements.isEmpty ?? true else { return }
        if let inherited = old?["ipFamilies"], old?["clusterIP"] == spec["clusterIP"] {
            spec["ipFamilies"] = inherited
        } else if isHeadless, isSelectorless, spec["ipFamilyPolicy"]?.string != "SingleStack" {
            spec["ipFamilies"] = ["IPv4", "IPv6"]
        } else {
            let given = (spec["clusterIPs"]?.elements ?? []).compactMap { IPAddress($0.string ?? "")?.family }
            spec["ipFamilies"] = given.isEmpty ? ["IPv4"] : .array(given.map { .string($0) })
        }
    }

    private func freeAddress() -> String? {
        let taken = Set(
            services.flatMap { $0.spec["clusterIPs"]?.elements ?? [] }.compactMap {
                IPAddress($0.string ?? "")?.ipv4Bits
            }
        )
        let all = network.addresses
        let band = network.staticBand
        return freeAddress(in: band.upperBound..<all.upperBound + 1, taken: taken)
            ?? freeAddress(in: band.isEmpty ? all.lowerBound..<all.upperBound + 1 : band, taken: taken)
    }

    private func freeAddress(in part: Range<UInt32>, taken: Set<UInt32>) -> String? {
        guard !part.isEmpty else { return nil }
        let start = UInt32(random.below(part.count))
        for offset in 0..<UInt32(part.count) {
            let bits = part.lowerBound + (start + offset) % UInt32(part.count)
            // The first address belongs to the service of the API itself.
            if bits != network.addresses.lowerBound, !taken.contains(bits) {
                return IPAddress(ipv4: bits).description
            }
        }
        return nil
    }

    private func completeNodePorts(_ spec: inout JSONValue) {
        guard ServiceStrategy.needsNodePorts(spec) else { return }
        var taken = takenNodePorts(besides: nil)
        for port in spec["ports"]?.elements ?? [] {
            if let number = port["nodePort"]?.int, number != 0 { taken.insert(number) }
        }
        // Ports of one number but different protocols share their node port.
        var chosen: [Int: Int] = [:]
        var used: Set<String> = []
        var isExhausted = false
        spec.updateElements(of: "ports") { port in
            guard (port["nodePort"]?.integer ?? 0) == 0 else { return }
            let number = port["port"]?.int ?? 0
            let proto = port["protocol"]?.string ?? ""
            if let shared = chosen[number], used.insert("\(shared) \(proto)").inserted {
                port["nodePort"] = .integer(Int64(shared))
            } else if isExhausted {
                return
            } else if let free = Self.freePort(taken: taken, random) {
                taken.insert(free)
                chosen[number] = free
                used.insert("\(free) \(proto)")
                port["nodePort"] = .integer(Int64(free))
            } else {
                isExhausted = true
            }
        }
        if ServiceStrategy.needsHealthCheck(spec), (spec["healthCheckNodePort"]?.integer ?? 0) == 0 {
            spec["healthCheckNodePort"] = Self.freePort(taken: taken, random).map { .integer(Int64($0)) }
        }
    }

    private static func freePort(taken: Set<Int>, _ random: RandomSource) -> Int? {
        let start = random.below(nodePorts.count)
        for offset in 0..<nodePorts.count {
            let port = nodePorts.lowerBound + (start + offset) % nodePorts.count
            if !taken.contains(port) { return port }
        }
        return nil
    }

    private func takenNodePorts(besides name: NamespacedName?) -> Set<Int> {
        var taken: Set<Int> = []
        for service in services where service.name != name {
            for port in service.spec["ports"]?.elements ?? [] {
                if let number = port["nodePort"]?.int, number != 0 { taken.insert(number) }
            }
            if let number = service.spec["healthCheckNodePort"]?.int, number != 0 { taken.insert(number) }
        }
        return taken
    }
}

extension ServiceAllocation {
    /// The addresses and ports of a service, which no other one may have.
    static func holdings(_ object: JSONValue) -> Set<String> {
        let spec = object["spec"] ?? .emptyObject
        guard spec["type"]?.string != "ExternalName" else { return [] }
        var holdings: Set<String> = []
        for address in (spec["clusterIPs"]?.elements ?? []).compactMap(\.string) where address != "None" {
            holdings.insert("address \(address)")
        }
        let ports = (spec["ports"]?.elements ?? []).map { $0["nodePort"]?.integer ?? 0 }
        for port in ports + [spec["healthCheckNodePort"]?.integer ?? 0] where port != 0 {
            holdings.insert("port \(port)")
        }
        return holdings
    }

    /// What is wrong with the addresses and ports that a valid service names or got.
    func errors(_ object: JSONValue, old: JSONValue?) -> [FieldError] {
        let spec = PodField("spec", of: object)
        guard spec["type"].text != "ExternalName" else { return [] }
        let name = NamespacedName(
            namespace: object[path: "metadata", "namespace"]?.string ?? "",
            name: object[path: "metadata", "name"]?.string ?? ""
        )
        let families = familyErrors(spec)
        if !families.isEmpty { return families }
        return addressErrors(spec, name, old: old) + portErrors(spec, name, old: old)
    }

    private func familyErrors(_ spec: PodField) -> [FieldError] {
        let isFree = spec["clusterIP"].text == "None" && spec["selector"].count == 0
        if isFree { return [] }
        var errors: [FieldError] = []
        if spec["ipFamilyPolicy"].text == "RequireDualStack" {
            errors.append(
                spec["ipFamilyPolicy"].invalid("this cluster is not configured for dual-stack services")
            )
        }
        for family in spec["ipFamilies"].elements where family.text != "IPv4" {
            errors.append(family.invalid("not configured on this cluster"))
        }
        return errors
    }

    private func addressErrors(_ spec: PodField, _ name: NamespacedName, old: JSONValue?) -> [FieldError] {
        let list = spec["clusterIPs"]
        guard let address = list.texts.first else {
            return [.internalError(list.path, "failed to allocate a serviceIP: range is full")]
        }
        guard address != "None", address != old?[path: "spec", "clusterIP"]?.string else { return [] }
        let bits = IPAddress(address)?.ipv4Bits ?? 0
        guard network.addresses.contains(bits) else {
            return [
                list.invalid(
                    "failed to allocate IP \(address): the provided network does not match the current range"
                )
            ]
        }
        let isTaken = services.contains {
            $0.name != name && ($0.spec["clusterIPs"]?.elements ?? []).contains(.string(address))
        }
        return isTaken ? [list.invalid("failed to allocate IP \(address): provided IP is already allocated")] : []
    }

    private func portErrors(_ spec: PodField, _ name: NamespacedName, old: JSONValue?) -> [FieldError] {
        let taken = takenNodePorts(besides: name)
        return spec["ports"].elements.flatMap { port -> [FieldError] in
            let number = port["nodePort"]
            guard number.integer != 0 else { return [] }
            if !Self.nodePorts.contains(Int(clamping: number.integer)) {
                let detail =
                    "provided port is not in the valid range. The range of valid ports is "
                    + "\(Self.nodePorts.lowerBound)-\(Self.nodePorts.upperBound)"
                return [number.invalidNumber(detail)]
            }
            return taken.contains(Int(number.integer))
                ? [number.invalidNumber("provided port is already allocated")] : []
        }
    }
}
