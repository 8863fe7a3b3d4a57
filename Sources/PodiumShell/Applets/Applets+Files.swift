// SPDX-License-Identifier: Apache-2.0
// Applets that make and change files: mkdir, install, mktemp, truncate and the like.

import PodiumMachinery
import PodiumRuntime

extension Applets {
    static let fileApplets: [String: ImmediateApplet] = [
        "touch": touch,
        "mkdir": { machine, words in makeDirectories(&machine, words) },
        "rmdir": removeDirectories,
        "mktemp": makeTemporary,
        "truncate": truncate,
        "fallocate": allocate,
        "shred": shred,
        "mkfifo": { machine, words in makeNode(&machine, words, isPipe: true) },
        "mknod": { machine, words in makeNode(&machine, words, isPipe: false) },
        "sync": { machine, words in synchronize(&machine, words) },
        "fsync": { machine, words in synchronize(&machine, words) },
        "chroot": { machine, _ in fail(&machine, "chroot", "can't change root directory", .notPermitted) },
        "mount": { machine, words in
            if words.count == 1 {
                machine.print(machine.mountTable)
                return 0
            }
            return fail(&machine, "mount", "permission denied (are you root?)")
        },
    ]

    /// Those that may have so much to do that they take several turns.
    static let filePrograms: [String: WaitingApplet] = [
        "cp": { CopyProgram(words: $0) },
        "mv": { MoveProgram(words: $0) },
        "rm": { RemoveProgram(words: $0) },
        "chmod": { BeginningProgram(begin: ModeVisitor.begin, words: $0) },
        "chown": { BeginningProgram(begin: OwnerVisitor.begin, words: $0) },
        "chgrp": { BeginningProgram(begin: OwnerVisitor.begin, words: $0) },
        "install": { BeginningProgram(begin: InstallProgram.begin, words: $0) },
        "ls": { BeginningProgram(begin: ListProgram.begin, words: $0) },
        "dir": { BeginningProgram(begin: ListProgram.begin, words: $0) },
        "tree": { BeginningProgram(begin: TreeProgram.begin, words: $0) },
        "du": { BeginningProgram(begin: UsageVisitor.begin, words: $0) },
        "cpio": { BeginningProgram(begin: CpioProgram.begin, words: $0) },
        "ar": { BeginningProgram(begin: ArProgram.begin, words: $0) },
        "unzip": { BeginningProgram(begin: UnzipProgram.begin, words: $0) },
        "gzip": { CompressionProgram(words: $0) },
        "gunzip": { CompressionProgram(words: $0) },
        "zcat": { CompressionProgram(words: $0) },
        "bzip2": { CompressionProgram(words: $0) },
        "bunzip2": { CompressionProgram(words: $0) },
        "bzcat": { CompressionProgram(words: $0) },
        "xz": { CompressionProgram(words: $0) },
        "unxz": { CompressionProgram(words: $0) },
        "xzcat": { CompressionProgram(words: $0) },
        "lzma": { CompressionProgram(words: $0) },
        "unlzma": { CompressionProgram(words: $0) },
        "lzcat": { CompressionProgram(words: $0) },
        "uncompress": { CompressionProgram(words: $0) },
    ]

    /// Calls `body` with each path; the code is that of the last failure.
    static func forEach(
        _ machine: inout Machine,
        _ paths: [String],
        _ body: (inout Machine, String) -> Int
    ) -> Int {
        var code = 0
        for path in paths {
            machine.spend()
            let result = body(&machine, path)
            if result != 0 { code = result }
        }
        return code
    }

    /// Calls `body` and tells its failure.
    static func attempt(
        _ machine: inout Machine,
        _ name: String,
        _ text: String,
        _ body: (inout Machine) throws(Errno) -> Void
    ) -> Int {
        do throws(Errno) {
            try body(&machine)
            return 0
        } catch {
            return fail(&machine, name, text, error)
        }
    }

    // Directories

    private static let directoryTable = OptionTable(
        letters: "m:pv",
        long: ["mode": "m", "parents": "p", "verbose": "v"]
    )

    static func makeDirectories(_ machine: inout Machine, _ words: [String]) -> Int {
        guard let options = AppletOptions.read(&machine, words, directoryTable) else { return 1 }
        guard !options.words.isEmpty else {
            return usage(&machine, "mkdir")
        }
        var mode: Int?
        if let text = options["m"] {
            guard let change = ModeChange(text) else { return fail(&machine, "mkdir", "invalid mode '\(text)'") }
            mode = change.applied(to: 0o777, isDirectory: true, mask: machine.process.mask)
        }
        return forEach(&machine, options.words) { machine, path in
            do throws(Errno) {
                // busybox takes the root for made.
                if options.has("p") || !machine.isGNU && path.withoutTrailingSlashes == "/" {
                    try machine.makeDirectories(path, mode: mode)
                } else {
                    try machine.makeDirectory(path.withoutTrailingSlashes, mode: mode)
                }
            } catch {
                let verb = machine.isGNU ? "cannot create directory" : "can't create directory"
                let named = options.has("p") ? machine.firstObstacle(on: path) ?? path : path
                return fail(&machine, "mkdir", "\(verb) '\(named)'", error)
            }
            if options.has("v") {
                machine.print(machine.isGNU ? "mkdir: created directory '\(path)'\n" : "created directory: '\(path)'\n")
            }
            return 0
        }
    }

    private static func removeDirectories(_ machine: inout Machine, _ words: [String]) -> Int {
        let table = OptionTable(
            letters: "pv",
            long: ["parents": "p", "verbose": "v", "ignore-fail-on-non-empty": "i"]
        )
        guard let options = AppletOptions.read(&machine, words, table) else { return 1 }
        guard !options.words.isEmpty else {
            return usage(&machine, "rmdir")
        }
        return forEach(&machine, options.words) { machine, operand in
            var path = operand
            while true {
                if options.has("v") { machine.print("rmdir: removing directory, '\(path)'\n") }
                do throws(Errno) {
                    let node = try machine.status(of: path.withoutTrailingSlashes, follow: false)
                    if node.kind != .directory { throw Errno.notDirectory }
                    if try !machine.names(in: path).isEmpty { throw Errno.notEmpty }
                    try machine.remove(path)
                } catch {
                    if error == .notEmpty, options.has("i") { return 0 }
                    return fail(&machine, "rmdir", machine.isGNU ? "failed to remove '\(path)'" : "'\(path)'", error)
                }
                // With `-p` the directories above go as well.
                let parts = path.withoutTrailingSlashes.split(separator: "/", omittingEmptySubsequences: false)
                let parent = parts.dropLast().joined(separator: "/")
                guard options.has("p"), !parent.isEmpty, parent != "." else { return 0 }
                path = parent
            }
        }
    }

    // Making files

    private static func makeTemporary(_ machine: inout Machine, _ words: [String]) -> Int {
        let table = OptionTable(
            letters: "dqtup:",
            long: ["directory": "d", "quiet": "q", "dry-run": "u", "tmpdir": "P", "suffix": "S"]
        )
        var words = words
        var suffix = ""
        if machine.isGNU, let index = words.firstIndex(where: { $0.hasPrefix("--suffix=") }) {
            suffix = String(words.remove(at: index).dropFirst("--suffix=".count))
        }
        var inTemporary = false
        if machine.isGNU, let index = words.firstIndex(where: { $0.hasPrefix("--tmpdir") }) {
            let value = words.remove(at: index).dropFirst("--tmpdir=".count)
            inTemporary = true
            if !value.isEmpty { words.insert(contentsOf: ["-p", String(value)], at: 1) }
        }
        guard let options = AppletOptions.read(&machine, words, table) else { return 1 }
        let temporary = machine.process.environment.last { $0.name == "TMPDIR" }?.value
        var template = options.words.first ?? (machine.isGNU ? "tmp.XXXXXXXXXX" : "tmp.XXXXXX")
        var directory =
            options["p"] ?? (options.words.isEmpty || options.has("t") || inTemporary ? temporary ?? "/tmp" : nil)
        if directory?.isEmpty == true { directory = "/tmp" }
        if suffix.isEmpty, machine.isGNU, let end = template.lastIndex(of: "X") {
            suffix = String(template[template.index(after: end)...])
            template = String(template[...end])
        }
        let count = template.reversed().prefix { $0 == "X" }.count
        let least = machine.isGNU ? 3 : 6
        guard count >= least else {
            if options.has("q") { return 1 }
            if machine.isGNU { return fail(&machine, "mktemp", "too few X's in template '\(template)'") }
            return fail(&machine, "mktemp", "(null)", .invalid)
        }
        // busybox fills in six, whatever there is room for.
        let filled = machine.isGNU ? count : 6
        let name = template.dropLast(filled) + machine.kernel.randomName(filled)
        let path = directory.map { $0.appending(component: name + suffix) } ?? name + suffix
        if !options.has("u") {
            do throws(Errno) {
                if options.has("d") {
                    try machine.makeDirectory(path, mode: 0o700)
                } else {
                    machine.kernel.dispose(try machine.open(path, .create))
                    try machine.changeNode(path) { $0.mode = 0o600 }
                }
            } catch {
                if options.has("q") { return 1 }
                let kind = options.has("d") ? "directory" : "file"
                let shown = (directory.map { $0.appending(component: template) } ?? template) + suffix
                let text = machine.isGNU ? "failed to create \(kind) via template '\(shown)'" : "(null)"
                return fail(&machine, "mktemp", text, error)
            }
        }
        machine.print(path + "\n")
        return 0
    }

    private static func truncate(_ machine: inout Machine, _ words: [String]) -> Int {
        let table = OptionTable(
            letters: "cs:r:o",
            long: ["no-create": "c", "size": "s", "reference": "r", "io-blocks": "o"]
        )
        guard let options = AppletOptions.read(&machine, words, table) else { return 1 }
        let text = options["s"] ?? (options["r"].flatMap { machine.node($0) }.map { String($0.content.size) })
        guard let text, !options.words.isEmpty else {
            let missing = text == nil ? "you must specify either '--size' or '--reference'" : "missing file operand"
            return usage(&machine, "truncate", missing)
        }
        let mark = text.first.flatMap { machine.isGNU && "+-<>/%".contains($0) ? $0 : nil }
        guard let amount = size(String(mark == nil ? Substring(text) : text.dropFirst())) else {
            return fail(&machine, "truncate", "\(machine.isGNU ? "Invalid number:" : "invalid number") '\(text)'")
        }
        return forEach(&machine, options.words) { machine, path in
            if options.has("c"), machine.node(path) == nil { return 0 }
            do throws(Errno) {
                machine.kernel.dispose(try machine.open(path, .update))
                let old = machine.node(path)?.content.size ?? 0
                let size = resized(old, mark, amount)
                if size > Kernel.maximumFileBytes { throw Errno.noSpace }
                let now = machine.now
                try machine.changeNode(path) { node in
                    node.content.truncate(to: size)
                    node.time = now
                }
                return 0
            } catch {
                let text = machine.isGNU ? "cannot open '\(path)' for writing" : "\(path): open"
                return fail(&machine, "truncate", text, error)
            }
        }
    }

    /// The size that a file gets of an amount with a mark before it.
    private static func resized(_ old: Int, _ mark: Character?, _ amount: Int) -> Int {
        switch mark {
        case "+": old.addingReportingOverflow(amount).overflow ? Int.max : old + amount
        case "-": max(0, old - amount)
        case "<": min(old, amount)
        case ">": max(old, amount)
        case "/" where amount > 0: old / amount * amount
        case "%" where amount > 0: (old + amount - 1) / amount * amount
        default: amount
        }
    }

    private static func allocate(_ machine: inout Machine, _ words: [String]) -> Int {
        let table = OptionTable(
            letters: "l:o:nvxp",
            long: ["length": "l", "offset": "o", "keep-size": "n", "verbose": "v", "posix": "x", "punch-hole": "p"]
        )
        guard let options = AppletOptions.read(&machine, words, table) else { return 1 }
        guard let length = options["l"], let path = options.words.first else { return usage(&machine, "fallocate") }
        var numbers: [Int] = []
        for text in [options["o"] ?? "0", length] {
            guard let number = size(text) else { return fail(&machine, "fallocate", "invalid number '\(text)'") }
            numbers.append(number)
        }
        let (end, overflow) = numbers[0].addingReportingOverflow(numbers[1])
        return attempt(&machine, "fallocate", "can't open '\(path)'") { machine throws(Errno) in
            machine.kernel.dispose(try machine.open(path, .update))
            if overflow || end > Kernel.maximumFileBytes { throw .noSpace }
            if !options.has("n") { try machine.changeNode(path) { $0.content.grow(to: end) } }
        }
    }

    private static func shred(_ machine: inout Machine, _ words: [String]) -> Int {
        let table = OptionTable(
            letters: "fuzn:s:vx",
            long: ["force": "f", "remove": "u", "zero": "z", "iterations": "n", "size": "s", "verbose": "v"]
        )
        guard let options = AppletOptions.read(&machine, words, table) else { return 1 }
        if options.words.isEmpty { return usage(&machine, "shred") }
        let given = options["s"].flatMap { size($0) }
        return forEach(&machine, options.words) { machine, path in
            attempt(&machine, "shred", "can't open '\(path)'") { machine throws(Errno) in
                let node = try machine.status(of: path)
                if node.kind == .directory { throw .isDirectory }
                // What is not kept reads as zeros whatever is written there.
                let count = min(given ?? node.content.size, FileContent.maximumStoredBytes)
                machine.charge(bytes: 4 * count)
                let isZero = options.has("z")
                if !machine.kernel.reserve(bytes: count, machine.meter) { throw .noSpace }
                var bytes: [UInt8] = []
                bytes.reserveCapacity(count)
                while bytes.count < count {
                    bytes.append(isZero ? 0 : UInt8(truncatingIfNeeded: machine.kernel.nextRandom() >> 32))
                }
                try machine.changeNode(path) { $0.content.write(bytes, at: 0) }
                if options.has("u") { try machine.remove(path) }
            }
        }
    }

    private static func makeNode(_ machine: inout Machine, _ words: [String], isPipe: Bool) -> Int {
        let name = isPipe ? "mkfifo" : "mknod"
        guard let options = AppletOptions.read(&machine, words, OptionTable(letters: "m:", long: ["mode": "m"])) else {
            return 1
        }
        var mode = 0o666 & ~machine.process.mask
        if let text = options["m"] {
            guard let change = ModeChange(text) else { return fail(&machine, name, "invalid mode '\(text)'") }
            mode = change.applied(to: 0o666, isDirectory: false, mask: machine.process.mask)
        }
        if !isPipe {
            let kind = options.words.dropFirst().first ?? ""
            guard options.words.count == (kind == "p" ? 2 : 4), ["p", "b", "c", "u"].contains(kind) else {
                return usage(&machine, name)
            }
            for number in options.words.dropFirst(2) where Int(number) == nil {
                return fail(&machine, name, "invalid number '\(number)'")
            }
            // Containers may not make devices.
            if kind != "p" { return fail(&machine, name, options.words[0], .notPermitted) }
        }
        guard !options.words.isEmpty else { return usage(&machine, name) }
        return forEach(&machine, isPipe ? options.words : [options.words[0]]) { machine, path in
            attempt(&machine, name, machine.isGNU ? "cannot create fifo '\(path)'" : path) { machine throws(Errno) in
                let location = try machine.locate(path, follow: false)
                try machine.put(FileNode(kind: .fifo, mode: mode, time: machine.now), at: location)
            }
        }
    }

    private static func synchronize(_ machine: inout Machine, _ words: [String]) -> Int {
        let name = words.first?.lastComponent ?? "sync"
        guard let options = AppletOptions.read(&machine, words, OptionTable(letters: "df")) else { return 1 }
        if name == "fsync", options.words.isEmpty { return usage(&machine, name) }
        return forEach(&machine, options.words) { machine, path in
            guard machine.node(path) == nil else { return 0 }
            let text = machine.isGNU ? "error opening '\(path)'" : "can't open '\(path)'"
            return fail(&machine, name, text, machine.fault(ofTarget: path))
        }
    }

    /// The number of a user or group by number or name.
    static func identifier(_ text: String) -> Int? {
        if let number = Int(text) { return number }
        return ["root": 0, "daemon": 1, "bin": 2, "www-data": 33, "nginx": 101, "nobody": 65_534][text]
    }

    /// The bytes of `10`, `4k`, `1M`, `2G`, `512b`, `1MiB`.
    static func size(_ text: String) -> Int? {
        let digits = text.prefix { $0.isNumber }
        guard let number = Int(digits) else { return nil }
        let factor: Int
        switch text.dropFirst(digits.count) {
        case "", "c": factor = 1
        case "w": factor = 2
        case "b": factor = 512
        case "k", "K", "KiB": factor = 1 << 10
        case "kB", "KB": factor = 1000
        case "m", "M", "MiB": factor = 1 << 20
        case "MB": factor = 1_000_000
        case "g", "G", "GiB": factor = 1 << 30
        case "GB": factor = 1_000_000_000
        case "T", "TiB": factor = 1 << 40
        default: return nil
        }
        let (size, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : size
    }
}

extension Machine {
    /// The shortest beginning of a path at which no directory is and none can be made; nil when there is none.
    fileprivate func firstObstacle(on path: String) -> String? {
        let parts = path.split(separator: "/").map(String.init)
        let start = path.hasPrefix("/") ? "/" : ""
        for count in parts.indices {
            let shown = start + parts[...count].joined(separator: "/")
            guard let node = node(shown) ?? node(shown, follow: false) else { return nil }
            if node.kind != .directory { return count + 1 < parts.count && !isGNU ? shown + "/" : shown }
        }
        return nil
    }
}

extension Kernel {
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")

    /// Letters and digits that make the name of a file its own.
    mutating func randomName(_ count: Int) -> String {
        String((0..<count).map { _ in Self.alphabet[Int(nextRandom() % UInt64(Self.alphabet.count))] })
    }
}
