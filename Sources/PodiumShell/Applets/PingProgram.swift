// SPDX-License-Identifier: Apache-2.0
// ping: a packet a second, answered by pods and nodes, and by nobody else.

import PodiumMachinery
import PodiumRuntime

/// `ping` and `ping6`.
struct PingProgram: Program {
    let words: [String]
    private var sent = 0
    private var received = 0
    private var next: Timestamp?
    private var startedAt: Timestamp?

    init(words: [String]) { self.words = words }

    mutating func run(_ machine: inout Machine) -> Progress {
        let options = AppletOptions(words, valued: "cWwiIstmp")
        guard let host = options.words.first else { return .exited(Applets.usage(&machine, "ping")) }
        guard let address = machine.addresses(of: host).first else {
            let isGNU = machine.container?.flavour != .ash
            machine.complain(isGNU ? "ping: \(host): Name or service not known" : "ping: bad address '\(host)'")
            return .exited(isGNU ? 2 : 1)
        }
        let start = startedAt ?? machine.now
        if startedAt == nil {
            startedAt = machine.now
            next = machine.now
            machine.process.handled.formUnion([.interrupt, .terminate])
            machine.print("PING \(host) (\(address)): \(options["s"] ?? "56") data bytes\n")
        }
        let isThere = machine.isOwn(address) || machine.world.presence(of: address) == .host
        let count = options["c"].flatMap { Int($0) } ?? 0
        let deadline = options["w"].flatMap { Int64($0) }.map { start + .seconds($0) }
        let patience = options["W"].flatMap { Int64($0) } ?? 10
        let milliseconds = options["i"].flatMap { Double($0) }.map { $0 * 1000 } ?? 1000
        let interval = max(2, milliseconds.whole(upTo: CurlProgram.longestTime))
        while machine.process.pendingSignals.isEmpty {
            if let deadline, machine.now >= deadline { break }
            guard let moment = next else { break }
            if machine.now < moment { return .blocked(.time(min(moment, deadline ?? moment))) }
            if count > 0, sent >= count { break }
            machine.spend(4)
            if isThere {
                received += 1
                if !options.has("q") {
                    machine.print("\(64) bytes from \(address): seq=\(sent) ttl=64 time=0.100 ms\n")
                }
            }
            sent += 1
            // The last one is waited for, the others only for the interval.
            let isLast = count > 0 && sent >= count
            if isLast, isThere { break }
            next = machine.now + (isLast ? .seconds(patience) : .milliseconds(Int64(interval)))
            if machine.mustYield { return .ready }
        }
        let lost = sent > 0 ? (sent - received) * 100 / sent : 0
        machine.print("\n--- \(host) ping statistics ---\n")
        machine.print("\(sent) packets transmitted, \(received) packets received, \(lost)% packet loss\n")
        if received > 0 { machine.print("round-trip min/avg/max = 0.100/0.100/0.100 ms\n") }
        return .exited(received > 0 ? 0 : 1)
    }
}
