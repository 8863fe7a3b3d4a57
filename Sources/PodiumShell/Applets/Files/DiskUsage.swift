// SPDX-License-Identifier: Apache-2.0
// du and df: what files take, and what is left.

import PodiumMachinery
import PodiumRuntime

/// `du`.
struct UsageVisitor: PathVisitor {
    private static let table = OptionTable(
        letters: "aHLd:clsxhmkbt:S0B:P",
        long: [
            "all": "a", "human-readable": "h", "summarize": "s", "max-depth": "d", "total": "c", "apparent-size": "A",
            "bytes": "b", "one-file-system": "x", "dereference": "L", "threshold": "t", "block-size": "B",
            "separate-dirs": "S", "null": "0", "exclude": "E",
        ]
    )

    let name = "du"
    let isRecursive = true
    let followsOperands: Bool
    let followsAll: Bool
    private let options: AppletOptions
    private let maximumDepth: Int
    private let isGNU: Bool
    /// The sums of the directories that are being walked, outermost first; none for what was counted before.
    private var sums: [Int?] = []
    private var total = 0
    /// Files with several names, and what several operands hold, count once.
    private var seen: Set<Int> = []
    private var seenFolders: Set<String> = []
    private var code = 0

    /// Reads a command line.
    static func begin(_ machine: inout Machine, _ words: [String]) -> BeginningProgram.Beginning {
        guard let options = AppletOptions.read(&machine, words, table) else { return .code(1) }
        var depth = Int.max
        if let text = options["d"] {
            guard let number = Int(text), number >= 0 else {
                return .code(
                    Applets.fail(&machine, "du", "invalid \(machine.isGNU ? "maximum depth" : "number") '\(text)'")
                )
            }
            depth = number
        }
        if options.has("s") { depth = 0 }
        let visitor = UsageVisitor(options, depth, isGNU: machine.isGNU)
        return .program(PathProgram(visitor, options.words.isEmpty ? ["."] : options.words))
    }

    private init(_ options: AppletOptions, _ maximumDepth: Int, isGNU: Bool) {
        self.options = options
        self.maximumDepth = maximumDepth
        self.isGNU = isGNU
        followsAll = options.has("L")
        followsOperands = options.has("H") || options.has("L")
    }

    private var isApparent: Bool { options.has("b") || options.has("A") }

    mutating func visit(_ path: String, _ node: FileNode, depth: Int, _ machine: inout Machine) {
        if depth == 0 { sums = [] }
        let bytes = isApparent ? node.size : node.blocks * 512
        if let number = node.shared, !options.has("l") {
            if seen.contains(number) { return }
            seen.insert(number)
        }
        if node.kind == .directory {
            let isNew = options.words.count < 2 || seenFolders.insert(machine.canonicalPath(path) ?? path).inserted
            sums.append(isNew ? bytes : nil)
            return
        }
        if let sum = sums.last, sum == nil { return }
        add(bytes)
        if depth == 0 || options.has("a") && depth <= maximumDepth { show(path, bytes, &machine) }
    }

    mutating func leave(_ path: String, depth: Int, _ machine: inout Machine) {
        guard let sum = sums.popLast() ?? nil else { return }
        if sums.isEmpty || !options.has("S") { add(sum) }
        if depth <= maximumDepth { show(path, sum, &machine) }
    }

    private mutating func add(_ bytes: Int) {
        if sums.isEmpty { total += bytes } else if let sum = sums[sums.count - 1] { sums[sums.count - 1] = sum + bytes }
    }

    private func show(_ path: String, _ bytes: Int, _ machine: inout Machine) {
        machine.print("\(shown(bytes))\t\(path)\(options.has("0") ? "\0" : "\n")")
    }

    private func shown(_ bytes: Int) -> String {
        if options.has("h") { return isGNU ? HumanSize.gnu(bytes) : HumanSize.busybox(bytes) }
        let unit = options.has("m") ? 1 << 20 : options.has("b") ? 1 : options["B"].flatMap { Applets.size($0) } ?? 1024
        return String((bytes + unit - 1) / max(1, unit))
    }

    mutating func miss(_ path: String, _ errno: Errno, _ machine: inout Machine) {
        code = Applets.fail(&machine, name, isGNU ? "cannot access '\(path)'" : path, errno)
    }

    mutating func finish(_ machine: inout Machine) -> Int {
        if options.has("c") { show("total", total, &machine) }
        return code
    }
}

extension Applets {
    private static let freeTable = OptionTable(
        letters: "PkmhHTaiB:t:lx:",
        long: [
            "portability": "P", "human-readable": "h", "print-type": "T", "all": "a", "inodes": "i", "block-size": "B",
            "type": "t", "local": "l", "exclude-type": "x", "output": "O", "total": "o", "si": "H",
        ]
    )

    /// A mounted file system.
    private struct Mount {
        var device: String
        var kind: String
        var path: String
    }

    /// `df`.
    static func diskFree(_ machine: inout Machine, _ words: [String]) -> Int {
        guard let options = AppletOptions.read(&machine, words, freeTable) else { return 1 }
        var unit = options.has("m") ? 1 << 20 : 1024
        if let text = options["B"] {
            guard let size = size(text), size > 0 else { return fail(&machine, "df", "invalid number '\(text)'") }
            unit = size
        }
        var mounts = [Mount(device: "overlay", kind: "overlay", path: "/")]
        for mount in (machine.container?.mounts ?? []).reversed() {
            mounts.append(Mount(device: "/dev/vda1", kind: "ext4", path: "/" + mount.path.joined(separator: "/")))
        }
        var code = 0
        if !options.words.isEmpty {
            var chosen: [Mount] = []
            for path in options.words {
                guard let canonical = machine.canonicalPath(path), machine.node(path) != nil else {
                    let errno = machine.fault(ofTarget: path)
                    code =
                        machine.isGNU
                        ? fail(&machine, "df", path, errno)
                        : fail(&machine, "df", "\(path): can't find mount point")
                    continue
                }
                let holding = mounts.filter {
                    $0.path == "/" || canonical == $0.path || canonical.hasPrefix($0.path + "/")
                }
                if let mount = holding.max(by: { $0.path.count < $1.path.count }) { chosen.append(mount) }
            }
            mounts = chosen
        }
        if let kind = options["t"] { mounts.removeAll { $0.kind != kind } }
        if mounts.isEmpty, machine.isGNU { return code == 0 ? fail(&machine, "df", "no file systems processed") : code }
        machine.print(head(options, unit, isGNU: machine.isGNU))
        for mount in mounts {
            machine.spend()
            machine.print(row(mount, options, unit, isGNU: machine.isGNU))
        }
        return code
    }

    private static func isHuman(_ options: AppletOptions) -> Bool { options.has("h") || options.has("H") }

    private static func head(_ options: AppletOptions, _ unit: Int, isGNU: Bool) -> String {
        let kind = options.has("T") ? "Type       " : ""
        if options.has("i") { return "Filesystem           \(kind)   Inodes      Used Available Use% Mounted on\n" }
        if isGNU {
            let title =
                isHuman(options) ? " Size  Used Avail" : "\(unit == 1 << 20 ? "  1M" : "1K")-blocks     Used Available"
            return "Filesystem     \(options.has("T") ? "Type    " : "")\(title) Use% Mounted on\n"
        }
        if isHuman(options) {
            let use = options.has("P") ? "Capacity" : "Use%"
            return "Filesystem           \(kind)     Size      Used Available \(use) Mounted on\n"
        }
        if options.has("P") { return "Filesystem           \(kind)1024-blocks    Used Available Capacity Mounted on\n" }
        let name = unit == 1024 ? "1K" : unit == 1 << 20 ? "1M" : String(unit)
        let title = PrintFormatter.padded("\(name)-blocks", 9, left: false)
        return "Filesystem           \(kind)\(title)      Used Available Use% Mounted on\n"
    }

    private static func row(_ mount: Mount, _ options: AppletOptions, _ unit: Int, isGNU: Bool) -> String {
        let total = options.has("i") ? FileSystemStatus.files : FileSystemStatus.blocks * FileNode.blockBytes
        let used = options.has("i") ? 20_000 : FileSystemStatus.usedBlocks * FileNode.blockBytes
        let percent = (used * 100 + total - 1) / total
        func shown(_ bytes: Int) -> String {
            if isHuman(options) { return isGNU ? HumanSize.gnu(bytes) : HumanSize.busybox(bytes) }
            return String(options.has("i") ? bytes : bytes / unit)
        }
        let widths = isGNU ? isHuman(options) ? [6, 5, 5, 4] : [9, 8, 9, 4] : [9, 9, 9, 3]
        let texts = [shown(total), shown(used), shown(total - used), "\(percent)\(isGNU ? "%" : "")"]
        let columns = zip(texts, widths).map { PrintFormatter.padded($0, $1, left: false) }.joined(separator: " ")
        let kind = options.has("T") ? PrintFormatter.padded(mount.kind, isGNU ? 7 : 10) + " " : ""
        let device = PrintFormatter.padded(mount.device, isGNU ? 14 : 20)
        return "\(device) \(kind)\(columns)\(isGNU ? "" : "%") \(mount.path)\n"
    }
}
