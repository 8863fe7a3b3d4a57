// SPDX-License-Identifier: Apache-2.0
// unzip: lists and unpacks zip archives.

import PodiumMachinery
import PodiumRuntime

/// `unzip`.
struct UnzipProgram: Program {
    private static let descriptor = 62

    /// What is done with a file that is there already.
    private enum Overwriting: Sendable { case asks, always, never }

    private let options: AppletOptions
    private let archive: String
    private let wanted: [ShellPattern]
    private let excluded: [ShellPattern]
    private let directory: String?
    private var input = GatheredInput()
    private var members: ArraySlice<ZipMember>?
    private var count = 0
    private var listed = (size: 0, compressed: 0)
    private var overwriting: Overwriting
    /// The member that waits for an answer, and the one that is being expanded.
    private var asked: ZipMember?
    private var job: (member: ZipMember, conversion: Conversion)?
    private var output = PendingOutput()

    /// Reads a command line: behind `-x` stand the names that are left out.
    static func begin(_ machine: inout Machine, _ words: [String]) -> BeginningProgram.Beginning {
        let split = words.firstIndex(of: "-x") ?? words.endIndex
        var excluded = Array(words[split...].dropFirst())
        var rest = Array(words[..<split])
        if let place = excluded.firstIndex(where: { $0.hasPrefix("-d") }) {
            rest += excluded[place...]
            excluded.removeSubrange(place...)
        }
        guard let options = AppletOptions.read(&machine, rest, OptionTable(letters: "lnojpqtvd:K")) else {
            return .code(1)
        }
        guard let name = options.words.first else { return .code(Applets.usage(&machine, "unzip")) }
        if name == "-" { return .program(UnzipProgram(options, name, excluded)) }
        for path in [name, name + ".zip", name + ".ZIP"] where machine.node(path)?.kind == .file {
            do throws(Errno) {
                machine.attach(try machine.open(path, .read), as: descriptor)
                return .program(UnzipProgram(options, path, excluded))
            } catch {
                return .code(Applets.fail(&machine, "unzip", "can't open '\(path)'", error))
            }
        }
        return .code(Applets.fail(&machine, "unzip", "can't open \(name)[.zip]"))
    }

    private init(_ options: AppletOptions, _ archive: String, _ excluded: [String]) {
        self.options = options
        self.archive = archive
        wanted = options.words.dropFirst().map { ShellPattern($0) }
        self.excluded = excluded.map { ShellPattern($0) }
        directory = options["d"]
        overwriting = options.has("o") ? .always : options.has("n") ? .never : .asks
    }

    private var isQuiet: Bool { options.has("q") || options.has("p") || options.has("t") }
    private var isListing: Bool { options.has("l") || options.has("v") }

    mutating func run(_ machine: inout Machine) -> Progress {
        if let progress = input.read(archive == "-" ? 0 : Self.descriptor, &machine) { return progress }
        while true {
            guard output.drain(to: 1, &machine) else { return .ready }
            if machine.mustYield { return .ready }
            machine.spend()
            if members == nil {
                if let code = open(&machine) { return .exited(code) }
            } else if job != nil {
                guard job?.conversion.run(&machine) == true else { return .ready }
                if let code = finish(&machine) { return .exited(code) }
            } else if asked != nil {
                switch machine.readPiece(0) {
                case .wait(let wait): return .blocked(wait)
                case .bytes(let answer): take(answer, &machine)
                case .end, .failed: return .exited(Applets.fail(&machine, "unzip", "can't read standard input"))
                }
            } else if let member = members?.popFirst() {
                if isTaken(member.header.name), let code = begin(member, &machine) { return .exited(code) }
            } else {
                if isListing { listEnd(&machine) }
                return .exited(0)
            }
        }
    }

    private mutating func open(_ machine: inout Machine) -> Int? {
        if !isQuiet { machine.print("Archive:  \(archive)\n") }
        machine.charge(bytes: input.bytes.count)
        do throws(ZipFault) {
            let found = try ZipArchive.members(input.bytes)
            machine.charge(components: found.count)
            count = found.count
            members = found[...]
        } catch {
            return Applets.fail(&machine, "unzip", error.text)
        }
        if options.has("v") {
            machine.print(" Length   Method    Size  Cmpr    Date    Time   CRC-32   Name\n")
            machine.print("--------  ------  ------- ---- ---------- ----- --------  ----\n")
        } else if options.has("l") {
            machine.print("  Length      Date    Time    Name\n---------  ---------- -----   ----\n")
        } else if let directory {
            let code = Applets.attempt(&machine, "unzip", "can't change directory to '\(directory)'") {
                machine throws(Errno) in
                if machine.node(directory) == nil { try machine.makeDirectory(directory) }
                machine.process.directory = try machine.canonicalDirectory(directory)
            }
            if code != 0 { return code }
        }
        return nil
    }

    private func isTaken(_ name: String) -> Bool {
        (wanted.isEmpty || wanted.contains { $0.matches(name) }) && !excluded.contains { $0.matches(name) }
    }

    private mutating func begin(_ member: ZipMember, _ machine: inout Machine) -> Int? {
        if isListing {
            list(member, &machine)
            return nil
        }
        var member = member
        let isDirectory = member.header.nodeKind == .directory
        if options.has("p") || options.has("t") { return isDirectory ? nil : expand(member, &machine) }
        if options.has("j") {
            if isDirectory { return nil }
            member.header.name = member.header.name.lastComponent
        }
        // Nothing goes beside the directory that is unpacked into.
        let parts = member.header.name.split(separator: "/")
        if parts.contains("..") || parts.isEmpty { return nil }
        member.header.name = parts.joined(separator: "/") + (isDirectory ? "/" : "")
        let existing = machine.node(member.header.name, follow: false)
        if isDirectory {
            guard existing == nil else { return nil }
            if !isQuiet { machine.print("   creating: \(member.header.name)\n") }
            return unpack(member.header, [], &machine)
        }
        guard existing != nil, overwriting != .always else { return expand(member, &machine) }
        if overwriting == .never { return nil }
        machine.print("replace \(member.header.name)? [y]es, [n]o, [A]ll, [N]one, [r]ename: ")
        asked = member
        return nil
    }

    private mutating func take(_ answer: [UInt8], _ machine: inout Machine) {
        guard let member = asked else { return }
        asked = nil
        switch answer.first {
        case UInt8(ascii: "A"): overwriting = .always
        case UInt8(ascii: "N"): overwriting = .never
        case UInt8(ascii: "y"): break
        default: return
        }
        if overwriting != .never { _ = expand(member, &machine) }
    }

    private mutating func expand(_ member: ZipMember, _ machine: inout Machine) -> Int? {
        if !isQuiet { machine.print("  inflating: \(member.header.name)\n") }
        let data = Array(input.bytes[member.start..<member.start + member.compressedSize])
        machine.charge(bytes: data.count)
        switch member.method {
        case 0: job = (member, Conversion(PlainBytes(output: data)))
        case 8: job = (member, Conversion(Inflater(data)))
        default: return Applets.fail(&machine, "unzip", "unsupported method \(member.method)")
        }
        return nil
    }

    private mutating func finish(_ machine: inout Machine) -> Int? {
        guard let (member, conversion) = job else { return nil }
        job = nil
        if conversion.fault != nil { return Applets.fail(&machine, "unzip", "inflate error") }
        let bytes = conversion.output
        machine.charge(bytes: bytes.count)
        if Checksum32.of(bytes) != member.check { return Applets.fail(&machine, "unzip", "crc error") }
        if options.has("t") { return nil }
        if options.has("p") {
            output.add(bytes)
            return nil
        }
        return unpack(member.header, bytes, &machine)
    }

    private func unpack(_ header: TarHeader, _ bytes: [UInt8], _ machine: inout Machine) -> Int? {
        var header = header
        if header.nodeKind == .link { header.link = bytes.text }
        let owner = machine.container?.specification
        (header.owner, header.group) = (owner?.user ?? 0, owner?.group ?? 0)
        do throws(Errno) {
            try machine.unpack(header, header.nodeKind == .link ? [] : bytes, keepsTime: false)
            return nil
        } catch {
            return Applets.fail(&machine, "unzip", "can't open '\(header.name)'", error)
        }
    }

    // Listing

    private mutating func list(_ member: ZipMember, _ machine: inout Machine) {
        func right(_ number: Int, _ width: Int) -> String {
            PrintFormatter.padded(String(number), width, left: false)
        }
        let header = member.header
        listed.size += header.size
        listed.compressed += member.compressedSize
        let date = CivilTime(Timestamp(seconds: header.seconds)).formatted("%m-%d-%Y %H:%M")
        guard options.has("v") else {
            return machine.print("\(right(header.size, 9))  \(date)   \(header.name)\n")
        }
        let method = member.method == 0 ? "Stored" : "Defl:N"
        let digits = String(member.check, radix: 16)
        let check = String(repeating: "0", count: 8 - digits.count) + digits
        let share = right(Self.saved(header.size, member.compressedSize), 3)
        let sizes = "\(right(header.size, 8))  \(method) \(right(member.compressedSize, 8)) \(share)% "
        machine.print("\(sizes)\(date) \(check)  \(header.name)\n")
    }

    private static func saved(_ size: Int, _ compressed: Int) -> Int {
        size == 0 ? 0 : max(0, (size - compressed) * 100 / size)
    }

    private func listEnd(_ machine: inout Machine) {
        func right(_ number: Int, _ width: Int) -> String {
            PrintFormatter.padded(String(number), width, left: false)
        }
        if options.has("v") {
            let share = right(Self.saved(listed.size, listed.compressed), 3)
            machine.print("--------          ------- ----                            ----\n")
            let sizes = "\(right(listed.size, 8))         \(right(listed.compressed, 8)) \(share)%"
            machine.print("\(sizes)                            \(count) files\n")
        } else {
            machine.print(
                " --------                     -------\n\(right(listed.size, 9))                     \(count) files\n"
            )
        }
    }
}
