// SPDX-License-Identifier: Apache-2.0
// md5sum and its kin: hashes of files, and whether files have the hashes that a list says.

import PodiumMachinery
import PodiumRuntime

/// A hash by the name of its program.
struct DigestKind: Sendable {
    /// The program.
    var program: String
    /// What GNU's call it in messages.
    var title: String
    /// The digits of a hash.
    var digits: Int
    var hash: @Sendable ([UInt8]) -> String

    /// What is hashed costs as much as reading so many times as much.
    static let weight = 16

    /// The hashes of one length. busybox has five of them, and SHA-3, whose length is an option.
    static let all: [DigestKind] = [
        DigestKind(program: "md5sum", title: "MD5", digits: 32) { MD5.hexDigest(of: $0) },
        DigestKind(program: "sha1sum", title: "SHA1", digits: 40) { SHA1.hexDigest(of: $0) },
        DigestKind(program: "sha224sum", title: "SHA224", digits: 56) { SHA256.shortHexDigest(of: $0) },
        DigestKind(program: "sha256sum", title: "SHA256", digits: 64) { SHA256.hexDigest(of: $0) },
        DigestKind(program: "sha384sum", title: "SHA384", digits: 96) { SHA512.shortHexDigest(of: $0) },
        DigestKind(program: "sha512sum", title: "SHA512", digits: 128) { SHA512.hexDigest(of: $0) },
    ]

    /// SHA-3 with so many bits.
    static func sha3(bits: Int) -> DigestKind {
        DigestKind(program: "sha3sum", title: "SHA3-\(bits)", digits: bits / 4) { SHA3.hexDigest(of: $0, bits: bits) }
    }

    /// BLAKE2b with so many bits.
    static func blake2(bits: Int) -> DigestKind {
        let title = bits == BLAKE2b.maximumBits ? "BLAKE2b" : "BLAKE2b-\(bits)"
        return DigestKind(program: "b2sum", title: title, digits: bits / 4) { BLAKE2b.hexDigest(of: $0, bits: bits) }
    }
}

/// A program that hashes files.
enum DigestProgram {
    static let applets: [String: WaitingApplet] = {
        var applets: [String: WaitingApplet] = [:]
        for kind in DigestKind.all {
            applets[kind.program] = { words in
                BeginningProgram(begin: { machine, words in begin(&machine, words, kind) }, words: words)
            }
        }
        for name in ["sha3sum", "b2sum"] { applets[name] = { BeginningProgram(begin: begin, words: $0) } }
        return applets
    }()

    private static let busybox = OptionTable(letters: "cswbt")
    /// Some of the letters have a long name only.
    private static let gnu = OptionTable(
        letters: "cwbtz",
        long: [
            "check": "c", "status": "s", "quiet": "q", "warn": "w", "binary": "b", "text": "t", "strict": "S",
            "ignore-missing": "i", "tag": "T", "zero": "z",
        ]
    )

    /// The options of a program; a letter is that of the length of its hash.
    private static func tables(_ program: String, _ machine: Machine, _ length: Character?) -> OptionTables {
        var (busybox, gnu) = (busybox, gnu)
        if let length {
            busybox = busybox.adding("\(length):")
            gnu = gnu.adding("\(length):", ["length": length])
        }
        // Where nobody knows whose the programs are, busybox's letters are known too.
        return OptionTables(program, busybox: busybox, gnu: machine.isGNU ? gnu : gnu.adding("s"))
    }

    /// Hashes whose length is an option.
    private static func begin(_ machine: inout Machine, _ words: [String]) -> BeginningProgram.Beginning {
        let isBlake = words.first?.lastComponent == "b2sum"
        let name = isBlake ? "b2sum" : "sha3sum"
        let letter: Character = isBlake ? "l" : "a"
        let tables = tables(name, machine, letter)
        do throws(OptionRefusal) {
            let options = try tables.read(&machine, words)
            guard let text = options[String(letter)] else {
                let kind = isBlake ? DigestKind.blake2(bits: BLAKE2b.maximumBits) : .sha3(bits: 224)
                return try begin(&machine, options, kind, tables)
            }
            let number = OptionNumber.count(text)
            let isKnown = number.map { isBlake ? $0 % 8 == 0 : SHA3.lengths.contains($0) } ?? false
            guard let number, isKnown, number <= BLAKE2b.maximumBits else {
                machine.complain("\(name): invalid length: '\(text)'")
                if isBlake, let number {
                    let isLong = number > BLAKE2b.maximumBits
                    let most = "maximum digest length for 'BLAKE2b' is \(BLAKE2b.maximumBits) bits"
                    machine.complain("\(name): \(isLong ? most : "length is not a multiple of 8")")
                }
                return .code(1)
            }
            // GNU's takes 0 for the longest.
            let bits = number == 0 ? BLAKE2b.maximumBits : number
            return try begin(&machine, options, isBlake ? .blake2(bits: bits) : .sha3(bits: bits), tables)
        } catch {
            return .code(error.code)
        }
    }

    private static func begin(
        _ machine: inout Machine,
        _ words: [String],
        _ kind: DigestKind
    ) -> BeginningProgram.Beginning {
        let tables = tables(kind.program, machine, nil)
        do throws(OptionRefusal) {
            let options = try tables.read(&machine, words)
            // GNU's refuses text after tags only.
            if machine.isGNU, let tag = words.firstIndex(of: "--tag"),
                let text = words.lastIndex(where: { $0 == "-t" || $0 == "--text" }), tag < text, !options.has("c")
            {
                throw tables.refusal(&machine, "--tag does not support --text mode")
            }
            return try begin(&machine, options, kind, tables)
        } catch {
            return .code(error.code)
        }
    }

    private static func begin(
        _ machine: inout Machine,
        _ options: AppletOptions,
        _ kind: DigestKind,
        _ tables: OptionTables
    ) throws(OptionRefusal) -> BeginningProgram.Beginning {
        if let text = conflict(options, machine) { throw tables.refusal(&machine, machine.isGNU ? text : nil) }
        let inputs = options.words.isEmpty ? ["-"] : options.words
        if options.has("c") { return .program(CheckSumsProgram(kind, options, inputs)) }
        let (isTagged, isGNU) = (options.has("T"), machine.isGNU)
        let end = options.has("z") ? "\0" : "\n"
        let mark = isGNU && options.has("b") ? "*" : " "
        let work = Whole(perFile: true, openFault: "can't open '%'") { bytes, path, machine in
            machine.charge(bytes: DigestKind.weight * bytes.count)
            let hash = kind.hash(bytes)
            let escaped = isGNU && !options.has("z") ? EscapedName.escaped(path, always: true) : path
            let head = escaped == path ? "" : "\\"
            let line = isTagged ? "\(kind.title) (\(escaped)) = \(hash)" : "\(hash) \(mark)\(escaped)"
            machine.print(head + line + end)
            return 0
        }
        return .program(StreamProgram(kind.program, inputs: inputs, work))
    }

    /// Why options do not go together.
    private static func conflict(_ options: AppletOptions, _ machine: Machine) -> String? {
        let isCheck = options.has("c")
        guard machine.isGNU else {
            return machine.hasBusybox && !isCheck && (options.has("s") || options.has("w")) ? "" : nil
        }
        if isCheck {
            if options.has("z") { return "the --zero option is not supported when verifying checksums" }
            if options.has("T") { return "the --tag option is meaningless when verifying checksums" }
            let hasMode = options.has("b") || options.has("t")
            return hasMode ? "the --binary and --text options are meaningless when verifying checksums" : nil
        }
        let names: [(Character, String)] = [
            ("i", "ignore-missing"), ("s", "status"), ("w", "warn"), ("q", "quiet"), ("S", "strict"),
        ]
        return names.first { options.has($0.0) }.map {
            "the --\($0.1) option is meaningful only when verifying checksums"
        }
    }
}

/// `-c`: whether files have the hashes that lists say.
struct CheckSumsProgram: Program {
    /// What came of a list.
    private struct Counts: Sendable {
        var lines = 0
        var read = 0
        var good = 0
        var misformatted = 0
        var unreadable = 0
        var different = 0
    }

    private let kind: DigestKind
    private let options: AppletOptions
    private var lists: [String]
    private var input = GatheredInput()
    /// The list that is being checked, its bytes, and where its next line begins.
    private var current: String?
    private var list: [UInt8] = []
    private var offset = 0
    private var form: CheckSumLine.Form?
    private var counts = Counts()
    private var code = 0

    init(_ kind: DigestKind, _ options: AppletOptions, _ lists: [String]) {
        self.kind = kind
        self.options = options
        self.lists = lists.reversed()
    }

    var heldBytes: Int { input.bytes.count + (current == "-" ? 0 : list.count) }

    mutating func run(_ machine: inout Machine) -> Progress {
        while true {
            if machine.mustYield { return .ready }
            machine.spend()
            if offset < list.count {
                let end = list[offset...].firstIndex(of: 0x0A) ?? list.count
                let line = Array(list[offset..<end])
                offset = end + 1
                machine.charge(bytes: line.count)
                check(line, &machine)
            } else if let list = current {
                finish(list, &machine)
                current = nil
            } else if let list = lists.last {
                if list == "-", let progress = input.read(0, &machine) { return progress }
                lists.removeLast()
                begin(list, &machine)
            } else {
                return .exited(code)
            }
        }
    }

    private mutating func fail(_ text: String, _ machine: inout Machine, _ errno: Errno? = nil) {
        code = Applets.fail(&machine, kind.program, text, errno)
    }

    private mutating func begin(_ list: String, _ machine: inout Machine) {
        do throws(Errno) {
            self.list = list == "-" ? input.bytes : try machine.contents(list)
            offset = 0
            counts = Counts()
            current = list
        } catch {
            if machine.isGNU, error == .isDirectory { return fail("\(list): read error", &machine) }
            fail(list, &machine, error)
        }
    }

    private mutating func check(_ line: [UInt8], _ machine: inout Machine) {
        counts.lines += 1
        let isGNU = machine.isGNU
        if isGNU, line.isEmpty || line.first == UInt8(ascii: "#") { return }
        guard let line = isGNU ? CheckSumLine(gnu: line, kind, &form) : CheckSumLine(busybox: line) else {
            counts.misformatted += 1
            if !options.has("w") { return }
            let place = "\(current ?? ""): \(counts.lines): improperly formatted \(kind.title) checksum line"
            machine.complain("\(kind.program): \(isGNU ? place : "invalid format")")
            return
        }
        counts.read += 1
        let path = line.path
        let shown = isGNU ? EscapedName.escaped(path, always: false) : path
        let name = shown == path ? path : "\\" + shown
        do throws(Errno) {
            let bytes = try machine.contents(path)
            machine.charge(bytes: DigestKind.weight * bytes.count)
            let kind = line.bits.map { DigestKind.blake2(bits: $0) } ?? kind
            let isGood = kind.hash(bytes) == (isGNU ? line.hash.lowercased() : line.hash)
            if isGood { counts.good += 1 } else { counts.different += 1 }
            if !isGood || !options.has("q") { say("\(name): \(isGood ? "OK" : "FAILED")", &machine) }
        } catch {
            if error == .noEntry, options.has("i") { return }
            counts.unreadable += 1
            let quoted = EscapedName.quoted(path)
            let reading = InputFault.reading(kind.program, isGNU ? quoted : path, error, isGNU: isGNU)
            let opening = isGNU ? "\(quoted): \(error.text)" : "can't open '\(path)': \(error.text)"
            fail(error == .isDirectory ? reading ?? opening : opening, &machine)
            say("\(name): FAILED\(isGNU ? " open or read" : "")", &machine)
        }
    }

    private func say(_ text: String, _ machine: inout Machine) {
        if !options.has("s") { machine.print(text + "\n") }
    }

    private mutating func finish(_ list: String, _ machine: inout Machine) {
        guard machine.isGNU else {
            let failed = counts.misformatted + counts.unreadable + counts.different
            if failed > 0 { code = 1 }
            if failed > 0, !options.has("s") {
                fail("WARNING: \(failed) of \(counts.lines) computed checksums did NOT match", &machine)
            }
            if counts.lines == 0 { fail("\(list): no checksum lines found", &machine) }
            return
        }
        let name = list == "-" ? "'standard input'" : list
        if counts.read == 0 { return fail("\(name): no properly formatted checksum lines found", &machine) }
        let isStrict = options.has("S") && counts.misformatted > 0
        if counts.unreadable + counts.different > 0 || isStrict { code = 1 }
        if !options.has("s") {
            warn(counts.misformatted, "line is improperly formatted", "lines are improperly formatted", &machine)
            warn(counts.unreadable, "listed file could not be read", "listed files could not be read", &machine)
            warn(counts.different, "computed checksum did NOT match", "computed checksums did NOT match", &machine)
        }
        if options.has("i"), counts.good == 0 { fail("\(name): no file was verified", &machine) }
    }

    private func warn(_ count: Int, _ one: String, _ several: String, _ machine: inout Machine) {
        if count > 0 { machine.complain("\(kind.program): WARNING: \(count) \(count == 1 ? one : several)") }
    }
}
