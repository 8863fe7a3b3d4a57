// SPDX-License-Identifier: Apache-2.0
// Applets that show files: stat, df, which and the like.

import PodiumMachinery
import PodiumRuntime

extension Applets {
    static let listingApplets: [String: ImmediateApplet] = [
        "stat": status,
        "df": diskFree,
        "which": { machine, words in
            let path = machine.process.environment.last { $0.name == "PATH" }?.value ?? ImageProfile.path
            let names = AppletOptions(words).words
            if names.isEmpty { return usage(&machine, "which") }
            return forEach(&machine, names) { machine, name in
                if name.contains("/"), let node = machine.node(name), node.kind == .directory || node.mode & 0o111 == 0
                {
                    return 1
                }
                guard let found = machine.pathOfProgram(name, path: path) else { return 1 }
                machine.print(found + "\n")
                return 0
            }
        },
        "mountpoint": { machine, words in
            let options = AppletOptions(words)
            let path = options.words.first ?? ""
            let isMount = machine.isMountPoint(path) || path == "/"
            if !options.has("q") { machine.print("\(path) is \(isMount ? "" : "not ")a mountpoint\n") }
            return isMount ? 0 : 1
        },
    ]

    static func modeText(_ node: FileNode) -> String {
        let kind =
            switch node.kind {
            case .directory: "d"
            case .link: "l"
            case .fifo: "p"
            case .device: "c"
            case .file: "-"
            }
        var text = kind
        // The bits for another user, another group and for deletion show in the place of those for execution.
        for (shift, special, letters) in [(6, 0o4000, ("s", "S")), (3, 0o2000, ("s", "S")), (0, 0o1000, ("t", "T"))] {
            let bits = node.mode >> shift
            text += (bits & 4 != 0 ? "r" : "-") + (bits & 2 != 0 ? "w" : "-")
            let runs = bits & 1 != 0
            text += node.mode & special != 0 ? (runs ? letters.0 : letters.1) : runs ? "x" : "-"
        }
        return text
    }

    static func humanSize(_ size: Int) -> String {
        var value = Double(size)
        for unit in ["", "K", "M", "G"] {
            if value < 1024 { return unit.isEmpty ? String(size) : PrintFormatter.fixed(value, digits: 1) + unit }
            value /= 1024
        }
        return PrintFormatter.fixed(value, digits: 1) + "T"
    }
}
