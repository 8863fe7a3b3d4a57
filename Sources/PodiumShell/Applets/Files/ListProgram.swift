// SPDX-License-Identifier: Apache-2.0
// ls: shows what directories hold.

import PodiumMachinery
import PodiumRuntime

/// `ls`.
struct ListProgram: Program {
    private static let table = OptionTable(
        letters: "1AaCxdLHRFplinshrSXvctuw:kUgoGQqmbZB",
        long: [
            "all": "a", "almost-all": "A", "directory": "d", "dereference": "L", "recursive": "R", "classify": "F",
            "inode": "i", "numeric-uid-gid": "n", "size": "s", "human-readable": "h", "reverse": "r", "width": "w",
            "full-time": "f", "group-directories-first": "D", "color": "O", "quote-name": "Q", "no-group": "G",
            "file-type": "p", "time-style": "z", "sort": "z", "format": "z", "si": "h", "hide-control-chars": "q",
            "author": "z", "zero": "z",
        ]
    )
    /// The letters that only GNU's has.
    private static let foreign: Set<Character> = ["U", "g", "o", "G", "m", "b", "Z", "B"]

    /// The name that is shown and what is there.
    private struct Entry: Sendable {
        var name: String
        var node: FileNode
        /// The place, for what a link leads to.
        var path: String
    }

    private let options: AppletOptions
    private let style: ListStyle
    /// Directories that are still to be shown, the next one last.
    private var directories: [String] = []
    private let showsNames: Bool
    private var isFirst = true
    private var code = 0
    private var output = PendingOutput()

    /// Reads a command line and looks at the operands.
    static func begin(_ machine: inout Machine, _ words: [String]) -> BeginningProgram.Beginning {
        // `--color=auto` has no value without the sign.
        let ignored = ["--color", "--time-style", "--sort", "--hyperlink", "--quoting-style"]
        let plain = words.filter { word in !ignored.contains { word.hasPrefix($0) } }
        let isColored = words.contains { $0 == "--color" || $0 == "--color=always" }
        let isGNU = machine.isGNU
        switch table.normalized(plain) {
        case .success(let normalized):
            let options = AppletOptions(normalized, valued: table.valued)
            if !isGNU, let letter = options.flags.first(where: { foreign.contains($0) }) {
                machine.complain("ls: invalid option -- '\(letter)'")
                return .code(Applets.usage(&machine, "ls"))
            }
            var program = ListProgram(options, ListStyle(options, isColored: isColored, isGNU: isGNU))
            program.lookAtOperands(&machine)
            return .program(program)
        case .failure(let fault):
            if isGNU { return .code(1 + Applets.hint(&machine, "ls", fault.text)) }
            machine.complain("ls: \(fault.text)")
            return .code(Applets.usage(&machine, "ls"))
        }
    }

    private init(_ options: AppletOptions, _ style: ListStyle) {
        self.options = options
        self.style = style
        showsNames = options.words.count > 1 || options.has("R")
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        while true {
            guard output.drain(to: 1, &machine) else { return .ready }
            if machine.mustYield { return .ready }
            guard let path = directories.popLast() else { return .exited(code) }
            machine.spend()
            show(path, &machine)
        }
    }

    private mutating func lookAtOperands(_ machine: inout Machine) {
        let isListed = !options.has("d")
        let follows =
            !(options.has("l") || style.isLong || options.has("i") || options.has("s") || options.has("F"))
            || options.has("L") || options.has("H")
        var files: [Entry] = []
        var found: [Entry] = []
        for path in options.words.isEmpty ? ["."] : options.words {
            do throws(Errno) {
                let followed = try machine.status(of: path, follow: follows && (isListed || options.has("L")))
                let entry = Entry(name: path, node: followed, path: path)
                if followed.kind == .directory, isListed { found.append(entry) } else { files.append(entry) }
            } catch {
                // GNU's shows a link that leads nowhere.
                if machine.isGNU || !follows, !options.has("L"), let link = machine.node(path, follow: false) {
                    files.append(Entry(name: path, node: link, path: path))
                    continue
                }
                let text = machine.isGNU ? "cannot access '\(path)'" : path
                code = Applets.fail(&machine, "ls", text, error)
                if machine.isGNU { code = 2 }
            }
        }
        output.add(Array(lines(sorted(files), machine).utf8))
        isFirst = files.isEmpty
        directories = sorted(found).map(\.path).reversed()
    }

    private mutating func show(_ path: String, _ machine: inout Machine) {
        var text = ""
        if showsNames { text += (isFirst ? "" : "\n") + path + ":\n" }
        isFirst = false
        let names: [String]
        do throws(Errno) {
            names = try machine.names(in: path)
        } catch {
            code = Applets.fail(
                &machine,
                "ls",
                machine.isGNU ? "cannot open directory '\(path)'" : "can't open '\(path)'",
                error
            )
            return
        }
        var shown = options.has("a") ? [".", ".."] + names : names
        if !options.has("a"), !options.has("A") { shown.removeAll { $0.hasPrefix(".") } }
        var entries: [Entry] = []
        for name in shown {
            let inner = path.appending(component: name)
            guard let node = machine.node(inner, follow: options.has("L")) else {
                code = Applets.fail(&machine, "ls", machine.isGNU ? "cannot access '\(inner)'" : inner, .noEntry)
                continue
            }
            machine.charge(bytes: inner.utf8.count)
            entries.append(Entry(name: name, node: node, path: inner))
        }
        entries = sorted(entries)
        if style.isLong || options.has("s") {
            let blocks = entries.reduce(0) { $0 + $1.node.blocks } / 2
            text += "total \(options.has("h") ? style.human(blocks << 10) : String(blocks))\n"
        }
        text += lines(entries, machine)
        output.add(Array(text.utf8))
        guard options.has("R"), !machine.isProcessFolder(path) else { return }
        let inner = entries.filter { $0.node.kind == .directory && $0.name != "." && $0.name != ".." }
        directories += inner.reversed().map(\.path)
    }

    private func sorted(_ entries: [Entry]) -> [Entry] {
        if options.has("U") { return entries }
        func isBefore(_ one: Entry, _ other: Entry) -> Bool {
            if options.has("D"), (one.node.kind == .directory) != (other.node.kind == .directory) {
                return one.node.kind == .directory
            }
            let order = style.order(one.name, one.node, other.name, other.node)
            return options.has("r") ? order > 0 : order < 0
        }
        return entries.sorted(by: isBefore)
    }

    private func lines(_ entries: [Entry], _ machine: Machine) -> String {
        guard !entries.isEmpty else { return "" }
        if style.isLong { return style.longLines(entries.map { ($0.name, $0.node, $0.path) }, machine) }
        let names = entries.map { entry in
            var text = options.has("i") ? Self.padded(style.inode(entry.path, machine), style.isGNU ? 0 : 7) + " " : ""
            if options.has("s") {
                let blocks = entry.node.blocks / 2
                let size = options.has("h") && style.isGNU ? style.human(blocks << 10) : String(blocks)
                text += Self.padded(size, style.isGNU ? 0 : 6) + " "
            }
            return text + style.named(entry.name, entry.node) + style.mark(entry.node)
        }
        guard style.isInColumns else { return names.map { $0 + "\n" }.joined() }
        return columns(names)
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        PrintFormatter.padded(text, width, left: false)
    }

    private func columns(_ names: [String]) -> String {
        let width = (names.map(\.count).max() ?? 0) + 2
        let count = max(1, style.width / width)
        let rows = max(1, names.count / count + (names.count % count > 0 ? 1 : 0))
        var text = ""
        for row in 0..<rows {
            var line = ""
            var next = 0
            for column in 0..<count {
                let index = options.has("x") ? row * count + column : column * rows + row
                guard index < names.count else { continue }
                if !line.isEmpty { line += String(repeating: " ", count: max(0, next - line.count)) }
                next = line.count + width
                line += names[index]
            }
            text += line + "\n"
        }
        return text
    }
}

/// How `ls` shows an entry.
struct ListStyle: Sendable {
    let isLong: Bool
    let isInColumns: Bool
    let width: Int
    let isGNU: Bool
    private let options: AppletOptions
    private let showsNumbers: Bool
    private let isColored: Bool

    init(_ options: AppletOptions, isColored: Bool, isGNU: Bool) {
        self.isColored = isColored
        self.options = options
        self.isGNU = isGNU
        isLong = options.has("l") || options.has("n") || options.has("f") || options.has("g") || options.has("o")
        isInColumns = (options.has("C") || options.has("x")) && !options.has("1")
        width = max(1, options["w"].flatMap { Int($0) } ?? 80)
        showsNumbers = options.has("n")
    }

    /// Below zero when the first comes first.
    func order(_ name: String, _ node: FileNode, _ otherName: String, _ other: FileNode) -> Int {
        var order = 0
        if options.has("t") { order = other.time < node.time ? -1 : other.time > node.time ? 1 : 0 }
        if options.has("S") { order = other.size - node.size }
        if options.has("X") { order = Self.compare(Self.fileExtension(name), Self.fileExtension(otherName)) }
        if options.has("v") { return SortOrder.versionOrder(Array(name.utf8), Array(otherName.utf8)) }
        return order != 0 ? order : Self.compare(name, otherName)
    }

    private static func compare(_ one: String, _ other: String) -> Int {
        if one == other { return 0 }
        return one.utf8.lexicographicallyPrecedes(other.utf8) ? -1 : 1
    }

    private static func fileExtension(_ name: String) -> String {
        name.lastIndex(of: ".").map { String(name[$0...]) } ?? ""
    }

    /// The letter that tells the kind.
    func mark(_ node: FileNode) -> String {
        if node.kind == .directory { return options.has("F") || options.has("p") ? "/" : "" }
        guard options.has("F") else { return "" }
        switch node.kind {
        case .link: return "@"
        case .fifo: return "|"
        case .file where node.mode & 0o111 != 0: return "*"
        default: return ""
        }
    }

    /// A name with its quotes and its color.
    func named(_ name: String, _ node: FileNode) -> String {
        let shown = options.has("Q") ? "\"\(name)\"" : name
        guard isColored else { return shown }
        let color: String
        switch node.kind {
        case .directory: color = isGNU ? "01;34" : "1;34"
        case .link: color = isGNU ? "01;36" : "1;36"
        case .fifo: color = isGNU ? "40;33" : "0;33"
        case .device: color = isGNU ? "40;33;01" : "1;33"
        case .file where node.mode & 0o111 != 0: color = isGNU ? "01;32" : "1;32"
        case .file: color = isGNU ? "0" : "0;0"
        }
        return isGNU && color == "0" ? shown : "\u{1B}[\(color)m\(shown)\u{1B}[\(isGNU ? "0" : "")m"
    }

    func inode(_ path: String, _ machine: Machine) -> String { String(machine.inode(of: path)) }

    func human(_ size: Int) -> String {
        if isGNU { return HumanSize.gnu(size) }
        return HumanSize.busybox(size)
    }

    /// The lines of `ls -l`.
    func longLines(_ entries: [(String, FileNode, String)], _ machine: Machine) -> String {
        // Each name is looked up once, however many files there are.
        var owners: [Int: String] = [:]
        var groups: [Int: String] = [:]
        for (_, node, _) in entries where !showsNumbers {
            if owners[node.owner] == nil { owners[node.owner] = machine.userName(node.owner) }
            if groups[node.group] == nil { groups[node.group] = machine.groupName(node.group) }
        }
        let rows = entries.map { name, node, path in
            let names = (owners[node.owner] ?? String(node.owner), groups[node.group] ?? String(node.group))
            return columns(name, node, path, names, machine)
        }
        guard isGNU, let count = rows.first?.count else {
            return rows.map { $0.joined(separator: " ") + "\n" }.joined()
        }
        // GNU's columns are as wide as what stands in them; the names and the dates are last.
        let widths = (0..<count).map { column in rows.map { $0[column].count }.max() ?? 0 }
        let isLeft = rows[0].indices.map { $0 == leftColumns.owner || $0 == leftColumns.group }
        return rows.map { row in
            let cells = row.indices.map { index -> String in
                // Who has no name is a number, which stands on the right like others.
                let left = isLeft[index] && Int(row[index]) == nil
                return index + 1 == count ? row[index] : PrintFormatter.padded(row[index], widths[index], left: left)
            }
            return cells.joined(separator: " ") + "\n"
        }.joined()
    }

    private var leftColumns: (owner: Int, group: Int) {
        let first = (options.has("i") ? 1 : 0) + (options.has("s") ? 1 : 0) + 2
        let owner = options.has("g") ? -1 : first
        return (owner, options.has("o") || options.has("G") ? -1 : owner < 0 ? first : first + 1)
    }

    private func columns(
        _ name: String,
        _ node: FileNode,
        _ path: String,
        _ names: (owner: String, group: String),
        _ machine: Machine
    ) -> [String] {
        let (owner, group) = names
        func right(_ text: String, _ width: Int) -> String {
            isGNU ? text : PrintFormatter.padded(text, width, left: false)
        }
        var row: [String] = []
        if options.has("i") { row.append(right(inode(path, machine), 7)) }
        if options.has("s") {
            row.append(right(options.has("h") && isGNU ? human(node.blocks << 9) : String(node.blocks / 2), 6))
        }
        row.append(isGNU ? Applets.modeText(node) : PrintFormatter.padded(Applets.modeText(node), 10))
        row.append(right(String(node.linkCount), 4))
        if !options.has("g") { row.append(isGNU ? owner : PrintFormatter.padded(String(owner.prefix(8)), 8)) }
        if !options.has("o"), !(isGNU && options.has("G")) {
            row.append(isGNU ? group : PrintFormatter.padded(String(group.prefix(8)), 8))
        }
        if node.kind == .device {
            let device = Applets.deviceNumbers(node)
            row.append(
                isGNU
                    ? "\(device.major), \(device.minor)"
                    : right("\(device.major)", 4) + "," + right("\(device.minor)", 4)
            )
        } else {
            row.append(options.has("h") ? right(human(node.size), 7) : right(String(node.size), 9))
        }
        row.append(date(node, machine.now))
        var shown = named(name, node)
        if node.kind == .link {
            shown += " -> " + node.target
            if options.has("F") || options.has("p"), let led = machine.node(path) { shown += mark(led) }
        } else {
            shown += mark(node)
        }
        row.append(shown)
        return row
    }

    private func date(_ node: FileNode, _ now: Timestamp) -> String {
        let time = CivilTime(node.time)
        if options.has("f") {
            return isGNU ? CivilTime.full(node.time) : time.formatted("%Y-%m-%d %H:%M:%S +0000")
        }
        // What is older than half a year, or lies ahead, shows its year.
        let age = now.seconds - node.time.seconds
        let isRecent = age < 15_768_000 && age > (isGNU ? -1 : -900)
        return time.formatted(isRecent ? "%b %e %H:%M" : "%b %e  %Y")
    }
}
