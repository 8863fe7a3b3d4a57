// SPDX-License-Identifier: Apache-2.0
// ar: reads the archives that Debian's packages are.

import PodiumMachinery
import PodiumRuntime

/// `ar`.
struct ArProgram: Program {
    private static let magic = Array("!<arch>\n".utf8)
    private static let headerBytes = 60
    private static let descriptor = 62

    private let options: AppletOptions
    private let names: [String]
    private var input = GatheredInput()
    private var output = PendingOutput()
    private var place = 0
    /// Names that are too long for a header.
    private var longNames: [UInt8] = []

    /// Reads a command line, of which the first word may leave out its dash.
    static func begin(_ machine: inout Machine, _ words: [String]) -> BeginningProgram.Beginning {
        var words = words
        if words.count > 1, !words[1].hasPrefix("-") { words[1] = "-" + words[1] }
        let table = OptionTable(letters: "xptovcr")
        guard let options = AppletOptions.read(&machine, words, table) else { return .code(1) }
        guard let path = options.words.first, options.has("x") || options.has("p") || options.has("t") else {
            return .code(Applets.usage(&machine, "ar"))
        }
        do throws(Errno) {
            machine.attach(try machine.open(path, .read), as: descriptor)
        } catch {
            return .code(Applets.fail(&machine, "ar", "can't open '\(path)'", error))
        }
        return .program(ArProgram(options))
    }

    private init(_ options: AppletOptions) {
        self.options = options
        names = Array(options.words.dropFirst())
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        if let progress = input.read(Self.descriptor, &machine) { return progress }
        while true {
            guard output.drain(to: 1, &machine) else { return .ready }
            if machine.mustYield { return .ready }
            machine.spend()
            if place == 0 {
                guard input.bytes.count >= Self.magic.count else {
                    return .exited(Applets.fail(&machine, "ar", "short read"))
                }
                guard input.bytes.starts(with: Self.magic) else {
                    return .exited(Applets.fail(&machine, "ar", "invalid ar magic"))
                }
                place = Self.magic.count
            }
            if place >= input.bytes.count { return .exited(0) }
            if let code = readMember(&machine) { return .exited(code) }
        }
    }

    private mutating func readMember(_ machine: inout Machine) -> Int? {
        // Members begin at even places.
        if input.bytes[place] == 0x0A { place += 1 }
        if place == input.bytes.count { return nil }
        guard place + Self.headerBytes <= input.bytes.count else { return Applets.fail(&machine, "ar", "short read") }
        let header = Array(input.bytes[place..<place + Self.headerBytes])
        func text(_ range: Range<Int>) -> String {
            let field = header[range].text
            return String(field.prefix(field.count - field.reversed().prefix { $0 == " " }.count))
        }
        guard header[58] == 0x60, header[59] == 0x0A else { return Applets.fail(&machine, "ar", "invalid ar header") }
        let size = Int(text(48..<58)) ?? 0
        let start = place + Self.headerBytes
        guard size >= 0, start + size <= input.bytes.count else { return Applets.fail(&machine, "ar", "short read") }
        place = start + size
        let content = Array(input.bytes[start..<place])
        var member = TarHeader(name: text(0..<16))
        if member.name == "//" {
            longNames = content
            return nil
        }
        // What holds the symbols has no name.
        if member.name == "/" || member.name == "/SYM64/" { return nil }
        if member.name.hasPrefix("/"), let offset = Int(member.name.dropFirst()), offset < longNames.count {
            member.name = longNames[offset...].prefix { $0 != 0x0A }.text
        }
        if member.name.hasSuffix("/") { member.name.removeLast() }
        member.seconds = Int64(text(16..<28)) ?? 0
        (member.owner, member.group) = (Int(text(28..<34)) ?? 0, Int(text(34..<40)) ?? 0)
        member.mode = (Int(text(40..<48), radix: 8) ?? 0o644) & 0o7777
        member.size = size
        guard names.isEmpty || names.contains(member.name), !member.name.contains("/") else { return nil }
        return take(member, content, &machine)
    }

    private mutating func take(_ member: TarHeader, _ content: [UInt8], _ machine: inout Machine) -> Int? {
        if options.has("p") { output.add(content) }
        if options.has("v") {
            let node = FileNode(kind: .file, mode: member.mode, time: Timestamp(seconds: member.seconds))
            let date = CivilTime(node.time).formatted("%b %e %H:%M %Y")
            let size = PrintFormatter.padded(String(member.size), 6, left: false)
            let rights = Applets.modeText(node).dropFirst()
            output.add(Array("\(rights) \(member.owner)/\(member.group) \(size) \(date) \(member.name)\n".utf8))
        } else if options.has("t") {
            output.add(Array((member.name + "\n").utf8))
        }
        guard options.has("x") else { return nil }
        do throws(Errno) {
            if machine.node(member.name, follow: false) != nil { throw .exists }
            try machine.unpack(member, content, keepsTime: options.has("o"))
            return nil
        } catch {
            return Applets.fail(&machine, "ar", "can't open '\(member.name)'", error)
        }
    }
}
