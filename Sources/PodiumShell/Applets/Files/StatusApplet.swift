// SPDX-License-Identifier: Apache-2.0
// stat: says what is known of a file.

import PodiumMachinery
import PodiumRuntime

extension Applets {
    private static let statusTable = OptionTable(
        letters: "c:fLt",
        long: ["format": "c", "file-system": "f", "dereference": "L", "terse": "t", "printf": "P"]
    )

    static func status(_ machine: inout Machine, _ words: [String]) -> Int {
        // `--printf` has its value in the same word, and resolves escapes.
        let printed = machine.isGNU ? words.first { $0.hasPrefix("--printf=") } : nil
        guard let options = AppletOptions.read(&machine, words.filter { $0 != printed }, statusTable) else { return 1 }
        if options.words.isEmpty {
            return usage(&machine, "stat")
        }
        let format = printed.map { String($0.dropFirst("--printf=".count)) } ?? options["c"]
        return forEach(&machine, options.words) { machine, path in
            do throws(Errno) {
                let node = try machine.status(of: path, follow: options.has("L") || options.has("f"))
                var text: String
                if options.has("f") {
                    text = FileSystemStatus.text(path, format, isTerse: options.has("t"))
                } else {
                    let status = FileStatus(node: node, path: path, machine: machine)
                    text = status.text(format ?? (options.has("t") ? FileStatus.terse : status.full))
                }
                if printed == nil { text += "\n" } else { text = EscapedText.resolve(Array(text.utf8), .echo).0.text }
                machine.print(text)
                return 0
            } catch {
                if options.has("f") {
                    return fail(&machine, "stat", "can't read file system information for '\(path)'", error)
                }
                return fail(&machine, "stat", "\(machine.isGNU ? "cannot statx" : "can't stat") '\(path)'", error)
            }
        }
    }

    /// The numbers of a device.
    static func deviceNumbers(_ node: FileNode) -> (major: Int, minor: Int) {
        switch node.target {
        case "null": (1, 3)
        case "zero": (1, 5)
        case "full": (1, 7)
        case "random": (1, 8)
        case "tty": (5, 0)
        default: node.kind == .device ? (1, 3) : (0, 0)
        }
    }
}

/// A file as `stat` shows it.
private struct FileStatus {
    let node: FileNode
    let path: String
    let machine: Machine

    static let terse = "%n %s %b %f %u %g %D %i %h %t %T %X %Y %Z %o"

    /// What is shown without a format.
    var full: String {
        let name = machine.isGNU && node.kind != .link ? "%n" : "%N"
        let device = machine.isGNU ? "%d,0" : "%Dh/%dd"
        let kind = node.kind == .device ? " Device type: %t,%T" : ""
        let access = "Access: (%04a/%10.10A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)"
        let times = "Access: %x\nModify: %y\nChange: %z" + (machine.isGNU ? "\n Birth: -" : "")
        let links = kind.isEmpty ? "Links: %h" : "Links: %-5h\(kind)"
        return "  File: \(name)\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\n"
            + "Device: \(device)\tInode: %-10i  \(links)\n\(access)\n\(times)"
    }

    /// The text of a format.
    func text(_ format: String) -> String {
        var text = ""
        var rest = Array(format)[...]
        while let character = rest.popFirst() {
            guard character == "%", !rest.isEmpty else {
                text.append(character)
                continue
            }
            let flags = rest.prefix { "-+ #0123456789.".contains($0) }
            rest = rest.dropFirst(flags.count)
            guard let directive = rest.popFirst() else {
                text += "%" + String(flags)
                break
            }
            text += Self.fitted(value(directive), String(flags))
        }
        return text
    }

    /// A value with the width and the blanks that stand before its letter.
    private static func fitted(_ value: String, _ flags: String) -> String {
        var flags = Substring(flags)
        var isLeft = false
        var fill: Character = " "
        while let flag = flags.first, "-0+ #".contains(flag) {
            if flag == "-" { isLeft = true }
            if flag == "0" { fill = "0" }
            flags = flags.dropFirst()
        }
        let parts = flags.split(separator: ".", omittingEmptySubsequences: false)
        let width = min(Int(parts.first ?? "") ?? 0, 4096)
        let shown = parts.count > 1 ? String(value.prefix(Int(parts[1]) ?? 0)) : value
        let blanks = String(repeating: fill, count: max(0, width - shown.count))
        return isLeft ? shown + String(repeating: " ", count: blanks.count) : blanks + shown
    }

    private func value(_ directive: Character) -> String {
        switch directive {
        case "n": return path
        case "N":
            if node.kind == .link { return "'\(path)' -> '\(node.target)'" }
            return machine.isGNU ? "'\(path)'" : path
        case "%": return "%"
        case "o": return "4096"
        case "D": return "fe00"
        case "d": return "65024"
        case "i": return String(machine.inode(of: path))
        case "t": return String(Applets.deviceNumbers(node).major, radix: 16)
        case "T": return String(Applets.deviceNumbers(node).minor, radix: 16)
        case "m" where machine.isGNU: return "/"
        case "f": return String(Self.modeBits(node), radix: 16)
        case "s": return String(node.size)
        case "a": return String(node.mode, radix: 8)
        case "A": return Applets.modeText(node)
        case "u": return String(node.owner)
        case "g": return String(node.group)
        case "U": return name(machine.userName(node.owner), node.owner)
        case "G": return name(machine.groupName(node.group), node.group)
        case "F": return kindName
        case "h": return String(node.linkCount)
        case "b": return String(node.blocks)
        case "B": return "512"
        default: return time(directive)
        }
    }

    private func time(_ directive: Character) -> String {
        switch directive {
        case "Y", "X", "Z": return String(node.time.seconds)
        case "W" where machine.isGNU: return "0"
        case "w" where machine.isGNU: return "-"
        case "y", "x", "z": return CivilTime.full(node.time)
        default: return machine.isGNU ? "?" : String(directive)
        }
    }

    private func name(_ name: String, _ number: Int) -> String { name == String(number) ? "UNKNOWN" : name }

    private var kindName: String {
        switch node.kind {
        case .directory: "directory"
        case .link: "symbolic link"
        case .fifo: "fifo"
        case .device: "character special file"
        case .file: node.content.size == 0 ? "regular empty file" : "regular file"
        }
    }

    private static func modeBits(_ node: FileNode) -> Int {
        let kinds: [FileKind: Int] = [.directory: 4, .link: 10, .fifo: 1, .device: 2, .file: 8]
        return (kinds[node.kind] ?? 8) << 12 | node.mode & 0o7777
    }
}

/// The file system that everything is on, as `stat -f` and `df` show it.
enum FileSystemStatus {
    /// What fits, in blocks of `FileNode.blockBytes`, and how many files.
    static let blocks = Kernel.maximumFileBytes / FileNode.blockBytes
    static let files = 6_553_600
    /// What is taken by others.
    static let usedBlocks = blocks / 10

    static func text(_ path: String, _ format: String?, isTerse: Bool) -> String {
        let free = blocks - usedBlocks
        let terse = "%n %i %l %t %s %S %b %f %a %c %d"
        let full = """
              File: "%n"
                ID: %i Namelen: %l     Type: %T
            Block size: %s       Fundamental block size: %S
            Blocks: Total: %b Free: %f Available: %a
            Inodes: Total: %c Free: %d
            """
        let values: [Character: String] = [
            "n": path, "i": "0", "l": "255", "t": "794c7630", "T": "overlayfs", "s": "4096",
            "S": "4096", "b": String(blocks), "f": String(free), "a": String(free), "c": String(files),
            "d": String(files - 20_000), "%": "%",
        ]
        var text = ""
        var rest = Array(format ?? (isTerse ? terse : full))[...]
        while let character = rest.popFirst() {
            guard character == "%", let directive = rest.popFirst() else {
                text.append(character)
                continue
            }
            text += values[directive] ?? "%\(directive)"
        }
        return text
    }
}
