// SPDX-License-Identifier: Apache-2.0
// What `/proc` shows.

import OrderedCollections
import PodiumMachinery

extension Machine {
    /// The content of a file below `/proc`; nil when there is no such file.
    func processFile(_ path: String) -> [UInt8]? {
        guard path.hasPrefix("/proc/") else { return nil }
        let parts = path.split(separator: "/").dropFirst().map(String.init)
        guard let first = parts.first else { return nil }
        if parts.count == 1, let text = systemFile(first) { return Array(text.utf8) }
        if parts == ["sys", "kernel", "hostname"] { return Array((kernel.configuration.hostname + "\n").utf8) }
        let owner = first == "self" ? process : visibleProcesses.first { String($0.pid) == first }
        guard parts.count == 2, let owner else { return nil }
        return file(parts[1], of: owner)
    }

    private func systemFile(_ name: String) -> String? {
        switch name {
        case "uptime": "\(uptime) \(uptime)\n"
        case "loadavg": "0.00 0.00 0.00 1/\(kernel.processes.count + 1) \(process.pid)\n"
        case "version": "Linux version \(NodeFacts.kernelVersion) (podium) #1 SMP\n"
        case "meminfo": memoryTable
        case "cpuinfo":
            (0..<kernel.configuration.node.processors).map { "processor\t: \($0)\nmodel name\t: simulated\n\n" }
                .joined()
        case "mounts": mountTable
        case "filesystems": "nodev\tproc\n\text4\n"
        default: nil
        }
    }

    private var memoryTable: String {
        let total = kernel.configuration.node.memory >> 10
        func line(_ name: String, _ value: Int) -> String {
            let digits = String(value)
            let blanks = String(repeating: " ", count: max(0, 23 - name.utf8.count - digits.utf8.count))
            return "\(name):\(blanks)\(digits) kB\n"
        }
        return line("MemTotal", total) + line("MemFree", total / 2) + line("MemAvailable", total / 4 * 3)
    }

    /// Seconds since the container's start with two digits, `12.50`.
    var uptime: String {
        let centiseconds = (now - (container?.startedAt ?? now)).nanoseconds / 10_000_000
        let fraction = String(centiseconds % 100)
        return "\(centiseconds / 100).\(fraction.utf8.count < 2 ? "0" : "")\(fraction)"
    }

    /// The mounts in the form of `/proc/mounts`.
    package var mountTable: String {
        var lines = ["overlay / overlay rw,relatime 0 0", "proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0"]
        for mount in (container?.mounts ?? []).reversed() {
            let access = mount.readOnly ? "ro" : "rw"
            lines.append("/dev/vda1 /\(mount.path.joined(separator: "/")) ext4 \(access),relatime 0 0")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private func file(_ name: String, of owner: Process) -> [UInt8]? {
        let command = owner.arguments.first.map { $0.split(separator: "/").last.map(String.init) ?? $0 } ?? ""
        switch name {
        case "cmdline": return Array(owner.arguments.map { $0 + "\0" }.joined().utf8)
        case "comm": return Array((command + "\n").utf8)
        case "environ": return Array(owner.environment.map { "\($0.name)=\($0.value)\0" }.joined().utf8)
        case "cgroup": return Array("0::/\n".utf8)
        case "mounts": return Array(mountTable.utf8)
        case "stat": return Array("\(owner.pid) (\(command)) S \(owner.parentPID) 1 1 0 -1\n".utf8)
        case "status":
            return Array(
                "Name:\t\(command)\nState:\tS (sleeping)\nPid:\t\(owner.pid)\nPPid:\t\(owner.parentPID)\n".utf8
            )
        default: return nil
        }
    }

    /// The names below `/proc` and in a process's directory there; nil for every other path.
    func processDirectory(_ path: String) -> [String]? {
        // Asked of every path, so the answer for all others must be quick.
        guard
            path.hasPrefix("/proc") || !path.hasPrefix("/") && process.directory.hasPrefix("/proc")
                || !path.hasPrefix("/") && process.directory == "/"
        else { return nil }
        let parts = absolute(path).split(separator: "/").map(String.init)
        guard parts.first == "proc", parts.count <= 2 else { return nil }
        if parts.count == 1 {
            let files = ["cpuinfo", "filesystems", "loadavg", "meminfo", "mounts", "self", "uptime", "version"]
            return visibleProcesses.map { String($0.pid) } + files
        }
        guard parts[1] == "self" || visibleProcesses.contains(where: { String($0.pid) == parts[1] }) else { return nil }
        return ["cgroup", "cmdline", "comm", "environ", "mounts", "stat", "status"]
    }
}
