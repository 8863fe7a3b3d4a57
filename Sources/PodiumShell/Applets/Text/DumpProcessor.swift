// SPDX-License-Identifier: Apache-2.0
// od, hexdump and xxd: bytes as lines of numbers.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// The programs that show bytes. They differ in how they come to the first one that is shown.
enum DumpProgram: String, Sendable {
    /// Reads whatever comes before it.
    case od
    /// Moves to it, which cannot be done in a pipe.
    case hexdump
    /// Either of them, busybox's as `hexdump` and vim's as `od`.
    case xxd
}

/// How a dump looks.
struct DumpLayout: Sendable {
    /// The program that shows it.
    var program: DumpProgram
    var bytesPerLine = 16
    var skip = 0
    var limit = Int.max
    /// Whether lines that repeat are shown all the same.
    var showsRepeats = false
    /// A line: its address and its bytes.
    var line: @Sendable (Int, ArraySlice<UInt8>) -> String
    /// What stands behind the last line, by the address there.
    var end: @Sendable (Int) -> String
}

/// Shows bytes by a layout.
struct DumpProcessor: StreamProcessor {
    private let layout: DumpLayout
    private var bytes: [UInt8] = []
    private var skipped = 0
    private var shown = 0
    private var last: [UInt8]?
    private var isRepeating = false
    /// The input when it is a stream, in which nobody can move.
    private var stream: String?

    init(_ layout: DumpLayout) { self.layout = layout }

    var openFault: String { "%" }

    private var address: Int { skipped + shown }

    mutating func begin(_ name: String, _ machine: inout Machine) {
        let number = machine.process.files[name == "-" ? 0 : StreamProgram<Self>.descriptor]
        let target = number.flatMap { machine.kernel.openFiles[$0]?.target }
        stream = target?.canSeek == false ? (name == "-" ? "stdin" : name) : nil
    }

    mutating func end(_ name: String, _ machine: inout Machine) -> Int? { refuse(&machine) }

    /// Why bytes of a stream cannot be passed over; nil when they can.
    private func refuse(_ machine: inout Machine) -> Int? {
        let moves = layout.program == .hexdump || layout.program == .xxd && !machine.isGNU
        guard moves, skipped < layout.skip, let stream else { return nil }
        return Applets.fail(&machine, layout.program.rawValue, "\(stream): Illegal seek")
    }

    mutating func take(_ new: [UInt8], _ machine: inout Machine) -> Int? {
        if let code = refuse(&machine) { return code }
        var new = new[...]
        let passed = min(new.count, layout.skip - skipped)
        skipped += passed
        new = new.dropFirst(passed)
        bytes += new.prefix(layout.limit - shown - bytes.count)
        while bytes.count >= layout.bytesPerLine { show(layout.bytesPerLine, &machine) }
        guard shown + bytes.count >= layout.limit else { return nil }
        return finish(0, &machine)
    }

    private mutating func show(_ count: Int, _ machine: inout Machine) {
        let line = Array(bytes.prefix(count))
        bytes.removeFirst(count)
        let isSame = line == last && count == layout.bytesPerLine && !layout.showsRepeats
        if isSame {
            if !isRepeating { machine.print("*\n") }
        } else {
            machine.spend()
            machine.print(layout.line(address, line[...]))
        }
        isRepeating = isSame
        last = line
        shown += count
    }

    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int {
        if !bytes.isEmpty { show(bytes.count, &machine) }
        if skipped < layout.skip, code == 0 {
            let isGNU = machine.isGNU
            if layout.program == .od {
                let text = isGNU ? "cannot skip past end of combined input" : "can't skip past end of combined input"
                return Applets.fail(&machine, "od", text)
            }
            if layout.program == .xxd, isGNU, stream != nil {
                return Applets.fail(&machine, "xxd", "Sorry, cannot seek.") + 3
            }
        }
        let end = layout.end(address)
        if !end.isEmpty { machine.print(end) }
        return code
    }
}

extension Applets {
    /// The bytes that one line shows.
    private static let maximumLineBytes = 4096

    /// Digits of a number with zeros before them.
    static func digits(_ value: Int, radix: Int, width: Int) -> String {
        let text = String(value, radix: radix)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }

    /// Some bytes as a number, the lowest first.
    static func littleEndian(_ bytes: some Collection<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A place in what is shown, in C's notation or with a unit.
    private static func place(_ text: String) -> Int? {
        if text.hasPrefix("0x") { return Int(text.dropFirst(2), radix: 16).map { max(0, $0) } }
        return text.hasPrefix("0") ? Int(text, radix: 8) : size(text)
    }

    // od

    /// One `-t`: what units of how many bytes are shown as.
    private struct OctalDumpType: Sendable {
        var letter: Character
        var size: Int

        /// The columns of one unit, without the blank before it.
        var width: Int {
            switch letter {
            case "a", "c": return 3
            case "o": return (size * 8 + 2) / 3
            case "x": return size * 2
            case "f": return size == 4 ? 15 : 24
            default:
                let digits = [1: 3, 2: 5, 4: 10, 8: 20][size] ?? 20
                return letter == "d" && size < 8 ? digits + 1 : digits
            }
        }

        func text(_ bytes: ArraySlice<UInt8>) -> String {
            let value = Applets.littleEndian(bytes)
            switch letter {
            case "a": return Self.name(bytes.first ?? 0)
            case "c": return Self.character(bytes.first ?? 0)
            case "o": return Applets.digits(Int(bitPattern: UInt(value)), radix: 8, width: width)
            case "x": return Applets.digits(Int(bitPattern: UInt(value)), radix: 16, width: width)
            case "d":
                let shift = UInt64(64 - size * 8)
                return String(Int64(bitPattern: value << shift) >> Int64(shift))
            case "f":
                let number =
                    size == 4
                    ? Double(Float(bitPattern: UInt32(truncatingIfNeeded: value))) : Double(bitPattern: value)
                return DecimalExpansion.text(number, UInt8(ascii: "g"), precision: size == 4 ? 8 : 17).text
            default: return String(value)
            }
        }

        private static let names = [
            "nul", "soh", "stx", "etx", "eot", "enq", "ack", "bel", "bs", "ht", "nl", "vt", "ff", "cr", "so", "si",
            "dle", "dc1", "dc2", "dc3", "dc4", "nak", "syn", "etb", "can", "em", "sub", "esc", "fs", "gs", "rs", "us",
            "sp",
        ]

        private static func name(_ unit: UInt8) -> String {
            let unit = unit & 0x7F
            return unit == 0x7F ? "del" : unit <= 0x20 ? names[Int(unit)] : [unit].text
        }

        private static func character(_ unit: UInt8) -> String {
            let escapes: [UInt8: String] = [
                0: "\\0", 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r",
            ]
            if let escape = escapes[unit] { return escape }
            return (0x20...0x7E).contains(unit) ? [unit].text : Applets.digits(Int(unit), radix: 8, width: 3)
        }
    }

    /// `od`.
    static func octalDump(_ words: [String]) -> any Program {
        let options = AppletOptions(words, valued: "AtNjwS")
        var types: [OctalDumpType] = []
        for letter in words.dropFirst().filter({ $0.hasPrefix("-") && !$0.hasPrefix("--") }).joined() {
            switch letter {
            case "a" where options.has("a"), "c" where options.has("c"): types.append(.init(letter: letter, size: 1))
            case "b" where options.has("b"): types.append(.init(letter: "o", size: 1))
            case "d" where options.has("d"): types.append(.init(letter: "u", size: 2))
            case "o" where options.has("o"), "x" where options.has("x"): types.append(.init(letter: letter, size: 2))
            case "i" where options.has("i"): types.append(.init(letter: "d", size: 4))
            case "s" where options.has("s"): types.append(.init(letter: "d", size: 2))
            default: break
            }
        }
        for text in options.lists["t"] ?? [] { types += dumpTypes(text) }
        if types.isEmpty { types = [.init(letter: "o", size: 2)] }
        let radix: Character = options["A"]?.first ?? "o"
        @Sendable func address(_ value: Int) -> String {
            switch radix {
            case "n": ""
            case "d": digits(value, radix: 10, width: 7)
            case "x": digits(value, radix: 16, width: 6)
            default: digits(value, radix: 8, width: 7)
            }
        }
        let shown = types
        var layout = DumpLayout(program: .od) { place, bytes in
            var text = ""
            for (index, type) in shown.enumerated() {
                let head = address(place)
                text += index == 0 ? head : String(repeating: " ", count: head.utf8.count)
                for start in stride(from: bytes.startIndex, to: bytes.endIndex, by: type.size) {
                    let unit = bytes[start..<min(start + type.size, bytes.endIndex)]
                    text += " " + PrintFormatter.padded(type.text(unit), type.width, left: false)
                }
                text += "\n"
            }
            return text
        } end: { place in
            radix == "n" ? "" : address(place) + "\n"
        }
        layout.bytesPerLine = min(max(1, options["w"].flatMap { size($0) } ?? 16), maximumLineBytes)
        layout.skip = options["j"].flatMap { place($0) } ?? 0
        layout.limit = options["N"].flatMap { size($0) } ?? .max
        layout.showsRepeats = options.has("v")
        return StreamProgram("od", inputs: options.words, DumpProcessor(layout))
    }

    private static func dumpTypes(_ text: String) -> [OctalDumpType] {
        var types: [OctalDumpType] = []
        var rest = Array(text)[...]
        while let letter = rest.popFirst() {
            guard "acdofux".contains(letter) else { continue }
            var size = letter == "a" || letter == "c" ? 1 : letter == "f" ? 8 : 4
            let number = rest.prefix { $0.isNumber }
            rest = rest.dropFirst(number.count)
            if let count = Int(String(number)) { size = count }
            if number.isEmpty, let name = rest.first,
                let count = ["C": 1, "S": 2, "I": 4, "L": 8, "F": 4, "D": 8][name]
            {
                size = count
                rest = rest.dropFirst()
            }
            types.append(.init(letter: letter, size: [1, 2, 4, 8].contains(size) ? size : 4))
        }
        return types
    }

    // hexdump

    /// `hexdump`.
    static func hexDump(_ words: [String]) -> any Program {
        let isCanonicalName = words.first?.hasSuffix("hd") == true
        let options = AppletOptions(words, valued: "nse")
        let isCanonical = options.has("C") || isCanonicalName
        var layout = DumpLayout(program: .hexdump) { place, bytes in
            isCanonical ? canonicalLine(place, bytes) : plainLine(place, bytes, options)
        } end: { place in
            place == 0 ? "" : digits(place, radix: 16, width: isCanonical ? 8 : 7) + "\n"
        }
        if let formats = options.lists["e"] {
            let format = HexDumpFormat(formats.joined(separator: " "))
            layout = DumpLayout(program: .hexdump) { _, bytes in
                format.text(bytes)
            } end: { _ in
                ""
            }
            layout.bytesPerLine = format.bytes
        }
        layout.skip = options["s"].flatMap { place($0) } ?? 0
        layout.limit = options["n"].flatMap { size($0) } ?? .max
        layout.showsRepeats = options.has("v")
        return StreamProgram("hexdump", inputs: options.words, DumpProcessor(layout))
    }

    private static func canonicalLine(_ place: Int, _ bytes: ArraySlice<UInt8>) -> String {
        var text = digits(place, radix: 16, width: 8) + " "
        for index in 0..<16 {
            if index == 8 { text += " " }
            let place = bytes.startIndex + index
            text += place < bytes.endIndex ? " " + digits(Int(bytes[place]), radix: 16, width: 2) : "   "
        }
        return text + "  |" + bytes.map { (0x20...0x7E).contains($0) ? [$0].text : "." }.joined() + "|\n"
    }

    private static func plainLine(_ place: Int, _ bytes: ArraySlice<UInt8>, _ options: AppletOptions) -> String {
        let isByte = options.has("b") || options.has("c")
        let size = isByte ? 1 : 2
        var text = digits(place, radix: 16, width: 7)
        for start in stride(from: bytes.startIndex, to: bytes.startIndex + 16, by: size) {
            let isWide = options.has("x") || options.has("d") || options.has("o")
            guard start < bytes.endIndex else {
                text += String(repeating: " ", count: isWide ? 8 : isByte ? 4 : 5)
                continue
            }
            let unit = bytes[start..<min(start + size, bytes.endIndex)]
            let value = Int(littleEndian(unit))
            if options.has("b") {
                text += " " + digits(value, radix: 8, width: 3)
            } else if options.has("c") {
                text += " " + PrintFormatter.padded(OctalDumpType(letter: "c", size: 1).text(unit), 3, left: false)
            } else if options.has("d") {
                text += "   " + digits(value, radix: 10, width: 5)
            } else if options.has("o") {
                text += "  " + digits(value, radix: 8, width: 6)
            } else {
                text += (options.has("x") ? "    " : " ") + digits(value, radix: 16, width: 4)
            }
        }
        return text + "\n"
    }

    // xxd

    /// `xxd`.
    static func plainDump(_ words: [String]) -> any Program {
        let options = AppletOptions(words, valued: "lscg")
        let isPlain = options.has("p")
        if options.has("r") {
            return StreamProgram(
                "xxd",
                inputs: Array(options.words.prefix(1)),
                Whole(perFile: false, parts: .lines) { bytes, _, machine in
                    machine.write(reversedDump(bytes, isPlain: isPlain), to: 1)
                    return 0
                }
            )
        }
        let count = options["c"].flatMap { Int($0) } ?? (isPlain ? 30 : 16)
        let group = max(1, options["g"].flatMap { Int($0) } ?? 2)
        let width = min(max(1, count), maximumLineBytes)
        let isUpper = options.has("u")
        var layout = DumpLayout(program: .xxd) { place, bytes in
            let pairs = bytes.map { digits(Int($0), radix: 16, width: 2) }.map { isUpper ? $0.uppercased() : $0 }
            if isPlain { return pairs.joined() + "\n" }
            var text = ""
            for index in 0..<width {
                text += index < pairs.count ? pairs[index] : "  "
                if index % group == group - 1 || index == width - 1 { text += " " }
            }
            let shown = bytes.map { (0x20...0x7E).contains($0) ? [$0].text : "." }.joined()
            return digits(place, radix: 16, width: 8) + ": " + text + " " + shown + "\n"
        } end: { _ in
            ""
        }
        layout.bytesPerLine = width
        layout.skip = options["s"].flatMap { place($0) } ?? 0
        layout.limit = options["l"].flatMap { size($0) } ?? .max
        layout.showsRepeats = true
        return StreamProgram("xxd", inputs: Array(options.words.prefix(1)), DumpProcessor(layout))
    }

    private static func reversedDump(_ bytes: [UInt8], isPlain: Bool) -> [UInt8] {
        var result: [UInt8] = []
        for line in lines(of: bytes) {
            var rest = line[...]
            if !isPlain {
                guard let colon = rest.firstIndex(of: UInt8(ascii: ":")) else { continue }
                rest = rest[(colon + 1)...]
                if rest.first == 0x20 { rest = rest.dropFirst() }
            }
            var pending: [UInt8] = []
            var blanks = 0
            for unit in rest {
                // Two blanks are what stands before the text.
                if unit == 0x20 {
                    blanks += 1
                    if blanks > 1, !isPlain { break }
                    continue
                }
                blanks = 0
                guard unit.isHexDigit else { continue }
                pending.append(unit)
                if pending.count == 2 {
                    result.append(UInt8(pending.text, radix: 16) ?? 0)
                    pending = []
                }
            }
        }
        return result
    }
}

/// The format behind `hexdump -e`: `4/2 "%04x " "\n"`.
struct HexDumpFormat: Sendable {
    private struct Unit: Sendable {
        var count: Int
        var size: Int
        var format: String
    }

    private var units: [Unit] = []
    /// The bytes that it takes.
    private(set) var bytes = 0

    /// Reads a format; what cannot be understood is left out.
    init(_ text: String) {
        var rest = Array(text)[...]
        var count = 1
        var size = 1
        while let character = rest.first {
            if character.isNumber {
                let digits = rest.prefix { $0.isNumber }
                rest = rest.dropFirst(digits.count)
                count = min(Int(String(digits)) ?? 1, 4096)
            } else if character == "/" {
                rest = rest.dropFirst()
                let digits = rest.prefix { $0.isNumber }
                rest = rest.dropFirst(digits.count)
                size = [1, 2, 4].contains(Int(String(digits)) ?? 0) ? Int(String(digits)) ?? 1 : 1
            } else if character == "\"" {
                let format = rest.dropFirst().prefix { $0 != "\"" }
                rest = rest.dropFirst(format.count + 2)
                units.append(Unit(count: count, size: size, format: String(format)))
                if format.contains("%") { bytes += count * size }
                (count, size) = (1, 1)
            } else {
                rest = rest.dropFirst()
            }
        }
        bytes = max(1, bytes)
    }

    /// Bytes as the format shows them.
    func text(_ bytes: ArraySlice<UInt8>) -> String {
        var rest = bytes
        var result = ""
        for unit in units {
            for turn in 0..<unit.count {
                guard unit.format.contains("%") else {
                    result += PrintFormatter.text(unit.format, [])
                    continue
                }
                // What is missing at the end is shown as blanks.
                guard !rest.isEmpty else {
                    let width = PrintFormatter.text(unit.format, ["0"]).utf8.count
                    result += String(repeating: " ", count: width)
                    continue
                }
                let piece = rest.prefix(unit.size)
                rest = rest.dropFirst(unit.size)
                var format = unit.format.replacing("%_p", with: "%c").replacing("%_c", with: "%c")
                if unit.count > 1, turn == unit.count - 1 { while format.hasSuffix(" ") { format.removeLast() } }
                let isText = format.contains("%c")
                let shown = piece.first.map { (0x20...0x7E).contains($0) ? [$0].text : "." } ?? ""
                result += PrintFormatter.text(format, [isText ? shown : String(Applets.littleEndian(piece))])
            }
        }
        return result
    }
}

extension PrintFormatter {
    /// A format with its arguments as text.
    static func text(_ format: String, _ arguments: [String]) -> String {
        var formatter = PrintFormatter(format, arguments)
        return formatter.format(repeats: false).text
    }
}
