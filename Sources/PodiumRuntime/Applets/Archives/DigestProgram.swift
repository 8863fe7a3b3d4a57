// SPDX-License-Identifier: Apache-2.0
// md5sum and its kin: hashes of files, and whether files have the hashes that a list says.

import PodiumMachinery

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
    private static let gnu = OptionTable(
        letters: "cwbtz",
        long: [
            "check": "c", "status": "s", "quiet": "q", "warn": "w", "binary": "b", "text": "t", "strict": "S",
            "ignore-missing": "i", "tag": "T", "zero": "z",
        ]
    )

    /// Where nobody knows whose the programs are.
    private static let both = OptionTable(letters: gnu.letters + "s", long: gnu.long)

    /// Hashes whose length is an option.
    private static func begin(_ machine: inout Machine, _ words: [String]) -> BeginningProgram.Beginning {
        let isBlake = words.first?.lastComponent == "b2sum"
        let letter: Character = isBlake ? "l" : "a"
        let table = gnu.adding("s", length: letter)
        var bits = isBlake ? BLAKE2b.maximumBits : 224
        // Whatever makes no sense is told when the options are read for good.
        if case .success(let normalized) = table.normalized(words),
            let text = AppletOptions(normalized, valued: String(letter))[String(letter)]
        {
            guard let number = Int(text), isBlake ? number > 0 && number % 8 == 0 : SHA3.lengths.contains(number),
                number <= BLAKE2b.maximumBits
            else {
                return .code(Applets.fail(&machine, isBlake ? "b2sum" : "sha3sum", "invalid length: '\(text)'"))
            }
            bits = number
        }
        return begin(&machine, words, isBlake ? .blake2(bits: bits) : .sha3(bits: bits), length: letter)
    }

    private static func begin(
        _ machine: inout Machine,
        _ words: [String],
        _ kind: DigestKind,
        length: Character? = nil
    ) -> BeginningProgram.Beginning {
        var table = machine.isGNU ? gnu : machine.hasBusybox ? busybox : both
        if let length { table = table.adding("", length: length) }
        guard let options = AppletOptions.read(&machine, words, table) else { return .code(1) }
        let inputs = options.words.isEmpty ? ["-"] : options.words
        if options.has("c") { return .program(CheckSumsProgram(kind, options, inputs)) }
        if machine.hasBusybox, options.has("s") || options.has("w") {
            return .code(Applets.usage(&machine, kind.program))
        }
        let (isTagged, end) = (options.has("T"), options.has("z") ? "\0" : "\n")
        let mark = machine.isGNU && options.has("b") ? "*" : " "
        let work = Whole(perFile: true, openFault: "can't open '%'") { bytes, path, machine in
            machine.charge(bytes: DigestKind.weight * bytes.count)
            let hash = kind.hash(bytes)
            machine.print(isTagged ? "\(kind.title) (\(path)) = \(hash)\(end)" : "\(hash) \(mark)\(path)\(end)")
            return 0
        }
        return .program(StreamProgram(kind.program, inputs: inputs, work))
    }
}

extension OptionTable {
    /// The table with further letters, and one for the length of a hash.
    fileprivate func adding(_ letters: String, length: Character) -> OptionTable {
        let long = long.merging(["length": length]) { first, _ in first }
        return OptionTable(letters: self.letters + letters + "\(length):", long: long)
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
    /// The list that is being checked, the next line last.
    private var current: String?
    private var lines: [[UInt8]] = []
    private var listBytes = 0
    private var counts = Counts()
    private var code = 0

    init(_ kind: DigestKind, _ options: AppletOptions, _ lists: [String]) {
        self.kind = kind
        self.options = options
        self.lists = lists.reversed()
    }

    var heldBytes: Int { input.bytes.count + listBytes }

    mutating func run(_ machine: inout Machine) -> Progress {
        while true {
            if machine.mustYield { return .ready }
            machine.spend()
            if let line = lines.popLast() {
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
            let bytes = list == "-" ? input.bytes : try machine.contents(list)
            lines = Applets.lines(of: bytes).reversed()
            listBytes = bytes.count
            counts = Counts()
            current = list
        } catch {
            if machine.isGNU, error == .isDirectory { return fail("\(list): read error", &machine) }
            fail(list, &machine, error)
        }
    }

    /// The hash and the name of a line; nil when it has another form.
    private func parts(_ line: [UInt8], isGNU: Bool) -> (hash: String, path: String)? {
        let text = line.text
        if isGNU, text.hasPrefix("\(kind.title) ("), let middle = text.ranges(of: ") = ").last {
            return (
                String(text[middle.upperBound...]), String(text[..<middle.lowerBound].dropFirst(kind.title.count + 2))
            )
        }
        guard let middle = text.firstRange(of: "  ") ?? text.firstRange(of: " *") else { return nil }
        let hash = String(text[..<middle.lowerBound])
        // busybox compares whatever stands there.
        guard !isGNU || hash.count == kind.digits && hash.utf8.allSatisfy(\.isHexDigit) else { return nil }
        return (hash, String(text[middle.upperBound...]))
    }

    private mutating func check(_ line: [UInt8], _ machine: inout Machine) {
        counts.lines += 1
        if machine.isGNU, line.isEmpty || line.first == UInt8(ascii: "#") { return }
        guard let (hash, path) = parts(line, isGNU: machine.isGNU) else {
            counts.misformatted += 1
            if !options.has("w") { return }
            let place = "\(current ?? ""): \(counts.lines): improperly formatted \(kind.title) checksum line"
            machine.complain("\(kind.program): \(machine.isGNU ? place : "invalid format")")
            return
        }
        counts.read += 1
        do throws(Errno) {
            let bytes = try machine.contents(path)
            machine.charge(bytes: DigestKind.weight * bytes.count)
            let isGood = kind.hash(bytes) == (machine.isGNU ? hash.lowercased() : hash)
            if isGood { counts.good += 1 } else { counts.different += 1 }
            if !isGood || !options.has("q") { say("\(path): \(isGood ? "OK" : "FAILED")", &machine) }
        } catch {
            if error == .noEntry, options.has("i") { return }
            counts.unreadable += 1
            let text = machine.isGNU ? path : error == .isDirectory ? "can't read '\(path)'" : "can't open '\(path)'"
            fail(text, &machine, error)
            say("\(path): FAILED\(machine.isGNU ? " open or read" : "")", &machine)
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
