// SPDX-License-Identifier: Apache-2.0
// Applets that look at the network: names, interfaces, routes, ports and clients of well-known servers.

import OrderedCollections
import PodiumRuntime

extension Applets {
    static let networkApplets: [String: ImmediateApplet] = [
        "nslookup": lookUp,
        "host": { machine, words in
            guard let name = AppletOptions(words, valued: "tW").words.first else { return usage(&machine, "host") }
            guard let (found, addresses) = machine.lookUp(name), !addresses.isEmpty else {
                machine.print("Host \(name) not found: 3(NXDOMAIN)\n")
                return 1
            }
            for address in addresses { machine.print("\(found) has address \(address)\n") }
            return 0
        },
        "dig": { machine, words in
            let names = words.dropFirst().filter { !$0.hasPrefix("+") && !$0.hasPrefix("-") && !$0.hasPrefix("@") }
            let name = names.first { !["A", "AAAA", "SRV", "ANY"].contains($0.uppercased()) } ?? ""
            let found =
                words.contains("+search")
                ? machine.lookUp(name)?.addresses ?? [] : machine.world.resolve(name.withoutLastDot)
            for address in found {
                machine.print(
                    words.contains("+short") ? "\(address)\n" : "\(name.withoutLastDot).\t30\tIN\tA\t\(address)\n"
                )
            }
            return 0
        },
        "ifconfig": { machine, words in
            let names = AppletOptions(words).words
            if names.count > 1 { return refuse(&machine, "ifconfig: SIOCSIFADDR: Operation not permitted") }
            for name in names.first.map({ [$0] }) ?? ["eth0", "lo"] {
                guard let text = interface(name, machine) else {
                    return fail(&machine, "ifconfig", "\(name): error fetching interface information: Device not found")
                }
                machine.print(text)
            }
            return 0
        },
        "ip": interfaces,
        "route": { machine, words in
            if AppletOptions(words).words.contains(where: { $0 == "add" || $0 == "del" }) {
                return refuse(&machine, "route: SIOCADDRT: Operation not permitted")
            }
            machine.print("Kernel IP routing table\n")
            machine.print("Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n")
            let gateway = PrintFormatter.padded(gateway(machine), 16)
            let first = AppletOptions(words).has("n") ? "0.0.0.0         " : "default         "
            machine.print("\(first)\(gateway)0.0.0.0         UG    0      0        0 eth0\n")
            let network = PrintFormatter.padded(network(machine), 16)
            machine.print("\(network)0.0.0.0         255.255.255.0   U     0      0        0 eth0\n")
            return 0
        },
        "arp": { machine, _ in
            machine.print("? (\(gateway(machine))) at ee:ee:ee:ee:ee:ee [ether]  on eth0\n")
            return 0
        },
        "netstat": { machine, words in showListeners(&machine, words) },
        "ss": { machine, words in showListeners(&machine, words) },
    ]

    private static func refuse(_ machine: inout Machine, _ text: String) -> Int {
        machine.complain(text)
        return 1
    }

    /// The first address of the pod's network, by which everything outside is reached.
    static func gateway(_ machine: Machine) -> String { prefix(machine) + "1" }
    private static func network(_ machine: Machine) -> String { prefix(machine) + "0" }
    private static func prefix(_ machine: Machine) -> String {
        machine.kernel.configuration.podIP.split(separator: ".").dropLast().map { $0 + "." }.joined()
    }

    /// The hardware address that belongs to the pod's address.
    private static func hardware(_ machine: Machine) -> String {
        let parts = machine.kernel.configuration.podIP.split(separator: ".").compactMap { UInt8($0) }
        let digits = parts.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return (["0a", "58"] + digits).joined(separator: ":")
    }

    private static func interface(_ name: String, _ machine: Machine) -> String? {
        let address = machine.kernel.configuration.podIP
        switch name {
        case "eth0":
            return """
                eth0      Link encap:Ethernet  HWaddr \(hardware(machine).uppercased())\u{20}\u{20}
                          inet addr:\(address)  Bcast:\(prefix(machine))255  Mask:255.255.255.0
                          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1


                """
        case "lo":
            return """
                lo        Link encap:Local Loopback\u{20}\u{20}
                          inet addr:127.0.0.1  Mask:255.0.0.0
                          UP LOOPBACK RUNNING  MTU:65536  Metric:1


                """
        default: return nil
        }
    }

    /// `ip address`, `ip link`, `ip route`; what changes something is not permitted.
    static func interfaces(_ machine: inout Machine, _ words: [String]) -> Int {
        let given = words.dropFirst().filter { !$0.hasPrefix("-") }
        let object = given.first ?? ""
        guard !object.isEmpty else {
            machine.complain("Usage: ip [OPTIONS] address|route|link|neigh|rule [ARGS]")
            return 1
        }
        if given.dropFirst().contains(where: {
            ["add", "del", "delete", "set", "flush", "replace", "change"].contains($0)
        }) {
            machine.complain("ip: RTNETLINK answers: Operation not permitted")
            return 2
        }
        let isBrief = words.contains("-o") || words.contains("-br")
        let device = given.count > 1 ? given.last { $0 == "lo" || $0 == "eth0" } : nil
        switch object {
        case _ where "address".hasPrefix(object): showAddresses(&machine, device, isBrief: isBrief)
        case _ where "link".hasPrefix(object): showLinks(&machine, device)
        case _ where "route".hasPrefix(object):
            let address = machine.kernel.configuration.podIP
            if let target = given.dropFirst(2).first, given.dropFirst().first == "get" {
                machine.print("\(target) via \(gateway(machine)) dev eth0  src \(address) \n")
                return 0
            }
            machine.print("default via \(gateway(machine)) dev eth0 \n")
            machine.print("\(network(machine))/24 dev eth0 scope link  src \(address) \n")
        case _ where "neigh".hasPrefix(object) || "rule".hasPrefix(object): break
        default:
            machine.complain("ip: invalid argument '\(object)' to 'ip'")
            return 1
        }
        return 0
    }

    private static func links(_ machine: Machine) -> [(name: String, head: String, address: String)] {
        [
            (
                "lo",
                "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000\n"
                    + "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n", "127.0.0.1/8 scope host lo"
            ),
            (
                "eth0",
                "2: eth0@if3: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu 1500 qdisc noqueue \n"
                    + "    link/ether \(hardware(machine)) brd ff:ff:ff:ff:ff:ff\n",
                "\(machine.kernel.configuration.podIP)/24 brd \(prefix(machine))255 scope global eth0"
            ),
        ]
    }

    private static func showLinks(_ machine: inout Machine, _ device: String?) {
        for link in links(machine) where device == nil || device == link.name { machine.print(link.head) }
    }

    private static func showAddresses(_ machine: inout Machine, _ device: String?, isBrief: Bool) {
        for (index, link) in links(machine).enumerated() where device == nil || device == link.name {
            if isBrief {
                machine.print("\(index + 1): \(link.name)    inet \(link.address)\n")
            } else {
                machine.print("\(link.head)    inet \(link.address)\n       valid_lft forever preferred_lft forever\n")
            }
        }
    }

    private static func showListeners(_ machine: inout Machine, _ words: [String]) -> Int {
        machine.print("Active Internet connections (only servers)\n")
        let names = words.contains { $0.hasPrefix("-") && $0.contains("p") }
        machine.print("Proto Recv-Q Send-Q Local Address           Foreign Address         State       ")
        machine.print(names ? "PID/Program name    \n" : "\n")
        for port in machine.kernel.openPorts {
            let local = PrintFormatter.padded("0.0.0.0:\(port)", 23)
            machine.print("tcp        0      0 \(local) 0.0.0.0:*               LISTEN      ")
            let owner = machine.kernel.listener(on: port).flatMap { machine.kernel.processes[$0.process] }
            machine.print(names ? "\(owner.map { "\($0.pid)/\($0.commandName)" } ?? "-")\n" : "\n")
        }
        return 0
    }

    // Names

    private static func lookUp(_ machine: inout Machine, _ words: [String]) -> Int {
        let names = AppletOptions(words, valued: "").words
        guard let name = names.first else { return usage(&machine, "nslookup") }
        let server = names.count > 1 ? names[1] : machine.kernel.configuration.nameserver
        let isOld = machine.container?.image.hasOldLookup ?? false
        guard server == machine.kernel.configuration.nameserver else {
            if !isOld { machine.complain("nslookup: write to '\(server)': Connection refused") }
            machine.print(";; connection timed out; no servers could be reached\n\n")
            return 1
        }
        if isOld {
            machine.print("Server:    \(server)\nAddress 1: \(server) kube-dns.kube-system.svc.cluster.local\n\n")
        } else {
            machine.print("Server:\t\t\(server)\nAddress:\t\(server):53\n\n")
        }
        // The present nslookup of busybox takes every name with a dot for a complete one.
        let isComplete = !isOld && machine.container?.flavour == .ash && name.contains(".")
        guard let (found, addresses) = machine.lookUp(isComplete && !name.hasSuffix(".") ? name + "." : name) else {
            if isOld {
                machine.complain("nslookup: can't resolve '\(name)'")
            } else {
                machine.print("** server can't find \(name): NXDOMAIN\n\n** server can't find \(name): NXDOMAIN\n\n")
            }
            return 1
        }
        if isOld { machine.print("Name:      \(name)\n") }
        for (index, address) in addresses.enumerated() {
            machine.print(
                isOld ? "Address \(index + 1): \(address) \(found)\n" : "Name:\t\(found)\nAddress: \(address)\n"
            )
        }
        if !isOld { machine.print("\n\n") }
        return 0
    }
}

extension Machine {
    /// The complete name under which a host is found, with its addresses.
    func lookUp(_ host: String) -> (name: String, addresses: [String])? {
        if let address = HostAddress.literal(host) { return (host, [address]) }
        for name in searchNames(for: host.lowercased()) {
            let found = world.resolve(name)
            if !found.isEmpty { return (name, found) }
        }
        return nil
    }
}

extension String {
    fileprivate var withoutLastDot: String { hasSuffix(".") ? String(dropLast()) : self }
}
