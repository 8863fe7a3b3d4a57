// SPDX-License-Identifier: Apache-2.0
// cpio: archives of the newc format.

import PodiumMachinery
import PodiumRuntime

/// A member of a cpio archive.
private struct CpioMember {
    static let headerBytes = 110
    /// What ends an archive.
    static let trailer = "TRAILER!!!"

    var header: TarHeader
    var content: Range<Int>
    /// Where the next one begins.
    var end: Int

    /// Reads the member at a place; what is wrong with it otherwise.
    static func read(_ bytes: [UInt8], at start: Int) -> Result<CpioMember, CpioFault> {
        guard start + headerBytes <= bytes.count else { return .failure(CpioFault(text: "short read")) }
        guard bytes[start..<start + 5].elementsEqual("07070".utf8), [0x31, 0x32].contains(bytes[start + 5]) else {
            return .failure(CpioFault(text: "unsupported cpio format, use newc or crc"))
        }
        func field(_ index: Int) -> Int {
            Int(bytes[start + 6 + index * 8..<start + 14 + index * 8].text, radix: 16) ?? 0
        }
        let (size, nameBytes) = (field(6), field(11))
        let nameStart = start + headerBytes
        guard nameBytes > 0, nameStart + nameBytes <= bytes.count else {
            return .failure(CpioFault(text: "short read"))
        }
        var header = TarHeader(name: bytes[nameStart..<nameStart + nameBytes - 1].text)
        let mode = field(1)
        header.mode = mode & 0o7777
        (header.owner, header.group, header.seconds) = (field(2), field(3), Int64(field(5)))
        let contentStart = start + aligned(headerBytes + nameBytes)
        guard contentStart + size <= bytes.count else { return .failure(CpioFault(text: "short read")) }
        let content = contentStart..<contentStart + size
        let kinds: [Int: String] = [4: "5", 10: "2", 1: "6", 2: "3", 6: "4"]
        header.kind = (kinds[mode >> 12] ?? "0").utf8.first ?? header.kind
        if header.nodeKind == .link { header.link = bytes[content].text } else { header.size = size }
        return .success(CpioMember(header: header, content: content, end: start + aligned(contentStart - start + size)))
    }

    static func aligned(_ count: Int) -> Int { (count + 3) / 4 * 4 }

    /// The bytes of a member.
    static func bytes(_ name: String, _ node: FileNode?, inode: Int, owner: (Int, Int)?) -> [UInt8] {
        let kinds: [FileKind: Int] = [.directory: 4, .link: 10, .fifo: 1, .device: 2, .file: 8]
        let content =
            node.map { $0.kind == .link ? Array($0.target.utf8) : $0.kind == .file ? $0.content.bytes : [] } ?? []
        let mode = node.map { (kinds[$0.kind] ?? 8) << 12 | $0.mode & 0o7777 } ?? 0
        let fields = [
            inode, mode, owner?.0 ?? node?.owner ?? 0, owner?.1 ?? node?.group ?? 0, node?.linkCount ?? 1,
            node.map { Int(max(0, $0.time.seconds)) } ?? 0, content.count, 0, 0, 0, 0, name.utf8.count + 1, 0,
        ]
        var bytes = Array("070701".utf8)
        for field in fields {
            let digits = String(field & 0xFFFF_FFFF, radix: 16, uppercase: true)
            bytes += Array((String(repeating: "0", count: 8 - digits.count) + digits).utf8)
        }
        bytes += Array(name.utf8) + [0]
        bytes += Array(repeating: 0, count: aligned(bytes.count) - bytes.count)
        bytes += content
        return bytes + Array(repeating: 0, count: aligned(bytes.count) - bytes.count)
    }
}

/// Why an archive cannot be read.
private struct CpioFault: Error {
    var text: String
}

/// `cpio`.
struct CpioProgram: Program {
    private static let table = OptionTable(
        letters: "itoF:H:dmvuR:L0",
        long: [
            "extract": "i", "list": "t", "create": "o", "file": "F", "format": "H", "make-directories": "d",
            "preserve-modification-time": "m", "verbose": "v", "unconditional": "u", "owner": "R", "dereference": "L",
            "null": "0", "quiet": "q", "ignore-devno": "D", "renumber-inodes": "N", "no-preserve-owner": "N",
        ]
    )
    private static let descriptor = 62
    private static let blockBytes = 512

    private let options: AppletOptions
    private let owner: (Int, Int)?
    private var input = GatheredInput()
    private let source: Int
    private var output = PendingOutput()
    private var place = 0
    private var names: ArraySlice<String>?
    private var isDone = false
    private var code = 0

    /// Reads a command line.
    static func begin(_ machine: inout Machine, _ words: [String]) -> BeginningProgram.Beginning {
        guard let options = AppletOptions.read(&machine, words, table) else { return .code(1) }
        let makes = options.has("o")
        guard makes || options.has("i") || options.has("t"), !makes || options["H"] == "newc" else {
            return .code(Applets.usage(&machine, "cpio"))
        }
        var owner: (Int, Int)?
        if let text = options["R"] {
            let parts = text.split { $0 == ":" || $0 == "." }.map(String.init)
            guard let user = parts.first.flatMap({ machine.userNumber($0) }) else {
                return .code(Applets.fail(&machine, "cpio", "unknown user \(text)"))
            }
            owner = (user, parts.count > 1 ? machine.groupNumber(parts[1]) ?? user : user)
        }
        if let path = options["F"] {
            do throws(Errno) {
                machine.attach(try machine.open(path, makes ? .write : .read), as: descriptor)
            } catch {
                return .code(Applets.fail(&machine, "cpio", "can't open '\(path)'", error))
            }
        }
        return .program(CpioProgram(options, owner))
    }

    private init(_ options: AppletOptions, _ owner: (Int, Int)?) {
        self.options = options
        self.owner = owner
        source = options["F"] == nil || options.has("o") ? 0 : Self.descriptor
    }

    private var target: Int { options["F"] == nil ? 1 : Self.descriptor }

    mutating func run(_ machine: inout Machine) -> Progress {
        if let progress = input.read(source, &machine) { return progress }
        while true {
            guard output.drain(to: options.has("o") ? target : 1, &machine) else { return .ready }
            if machine.mustYield { return .ready }
            machine.spend()
            if isDone { return .exited(code) }
            if options.has("o") { addNext(&machine) } else { readNext(&machine) }
        }
    }

    // Making

    private mutating func addNext(_ machine: inout Machine) {
        if names == nil {
            let end: UInt8 = options.has("0") ? 0 : 0x0A
            names = input.bytes.split(separator: end).map(\.text)[...]
        }
        guard let path = names?.popFirst() else {
            output.add(CpioMember.bytes(CpioMember.trailer, nil, inode: 0, owner: nil))
            isDone = true
            return
        }
        var name = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        name = String(name.drop { $0 == "/" })
        if name.isEmpty { return }
        do throws(Errno) {
            let node = try machine.status(of: path, follow: options.has("L"))
            machine.charge(bytes: min(node.content.size, FileContent.maximumStoredBytes))
            output.add(CpioMember.bytes(name, node, inode: machine.inode(of: path), owner: owner))
        } catch {
            code = Applets.fail(&machine, "cpio", path, error)
            isDone = true
        }
    }

    // Reading

    private mutating func readNext(_ machine: inout Machine) {
        if place == 0, input.bytes.isEmpty {
            isDone = true
            return
        }
        switch CpioMember.read(input.bytes, at: place) {
        case .failure(let fault):
            code = Applets.fail(&machine, "cpio", fault.text)
            isDone = true
        case .success(let member):
            if member.header.name == CpioMember.trailer {
                if !options.has("q") {
                    machine.complain("\((member.end + Self.blockBytes - 1) / Self.blockBytes) blocks")
                }
                isDone = true
                return
            }
            place = member.end
            let patterns = options.words
            if patterns.isEmpty || patterns.contains(where: { ShellPattern($0).matches(member.header.name) }) {
                take(member, &machine)
            }
        }
    }

    private mutating func take(_ member: CpioMember, _ machine: inout Machine) {
        var header = member.header
        if let owner { (header.owner, header.group) = owner }
        if options.has("t") {
            machine.print((options.has("v") ? header.line : header.name) + "\n")
            return
        }
        let existing = machine.node(header.name, follow: false)
        if let existing, header.nodeKind != .directory, !options.has("u"), existing.time.seconds >= header.seconds {
            machine.complain("cpio: \(header.name) not created: newer or same age file exists")
        } else {
            do throws(Errno) {
                let isOutside = header.name.split(separator: "/").contains("..")
                if !isOutside {
                    try machine.unpack(header, Array(input.bytes[member.content]), keepsTime: options.has("m"))
                }
            } catch {
                code = Applets.fail(&machine, "cpio", "can't open '\(header.name)'", error)
                isDone = true
                return
            }
        }
        if options.has("v") { machine.print(header.name + "\n") }
    }
}
