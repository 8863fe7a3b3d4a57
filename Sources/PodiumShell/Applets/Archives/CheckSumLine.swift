// SPDX-License-Identifier: Apache-2.0
// The lines of lists of hashes, and names with characters that do not stand for themselves there.

import PodiumCodec
import PodiumRuntime

/// A line of a list of hashes: the hash that a file should have.
// coreutils: src/digest.c split_3
struct CheckSumLine: Sendable {
    /// How the lines of all lists look that are no tags; the first one decides.
    enum Form: Sendable {
        /// Two blanks, or a blank and an asterisk, before the name.
        case marked
        /// One blank.
        case plain
    }

    let hash: String
    let path: String
    /// The length that the line itself gives, of hashes that have several.
    private(set) var bits: Int?

    /// A line as busybox reads it, which compares whatever stands there.
    init?(busybox line: [UInt8]) {
        let text = line.text
        guard let middle = text.firstRange(of: "  ") ?? text.firstRange(of: " *") else { return nil }
        (hash, path) = (String(text[..<middle.lowerBound]), String(text[middle.upperBound...]))
    }

    /// A line as GNU's read it.
    init?(gnu line: [UInt8], _ kind: DigestKind, _ form: inout Form?) {
        var rest = line.drop { $0.isBlank }
        if rest.last == 0x0D { rest.removeLast() }
        let isEscaped = rest.first == UInt8(ascii: "\\")
        if isEscaped { rest.removeFirst() }
        let isBlake = kind.program == "b2sum"
        let title = Array((isBlake ? "BLAKE2b" : kind.title).utf8)
        let name: ArraySlice<UInt8>
        if rest.starts(with: title) {
            rest = rest.dropFirst(title.count)
            var digits = kind.digits
            if isBlake {
                digits = BLAKE2b.maximumBits / 4
                if rest.first == UInt8(ascii: "-") {
                    let number = rest.dropFirst().prefix(while: \.isDigit)
                    guard let given = Int(Array(number).text), given > 0, given % 8 == 0, given <= BLAKE2b.maximumBits
                    else { return nil }
                    digits = given / 4
                    rest = rest.dropFirst(1 + number.count)
                }
                bits = digits * 4
            }
            if rest.first == 0x20 { rest.removeFirst() }
            guard rest.first == UInt8(ascii: "("), let end = rest.lastIndex(of: UInt8(ascii: ")")) else { return nil }
            name = rest[(rest.startIndex + 1)..<end]
            let mark = rest[(end + 1)...].drop { $0.isBlank }
            guard mark.first == UInt8(ascii: "=") else { return nil }
            let found = mark.dropFirst().drop { $0.isBlank }
            guard found.count == digits, found.allSatisfy(\.isHexDigit) else { return nil }
            hash = Array(found).text
        } else {
            let found = rest.prefix(while: \.isHexDigit)
            if isBlake {
                guard found.count > 1, found.count % 2 == 0, found.count * 4 <= BLAKE2b.maximumBits else { return nil }
                bits = found.count * 4
            } else if found.count != kind.digits {
                return nil
            }
            rest = rest.dropFirst(found.count)
            guard let blank = rest.popFirst(), blank.isBlank, let first = rest.first else { return nil }
            let isMark = rest.count > 1 && (first == 0x20 || first == UInt8(ascii: "*"))
            // Lines of the two forms are not mixed, or a name that begins with a blank would be another file's.
            if !isMark {
                if form == .marked { return nil }
                form = .plain
            } else if form != .plain {
                form = .marked
                rest.removeFirst()
            }
            name = rest
            hash = Array(found).text
        }
        guard let path = isEscaped ? EscapedName.resolved(Array(name)) : Array(name).text else { return nil }
        self.path = path
    }
}

/// Names of files as GNU's programs show them in a line.
enum EscapedName {
    /// A name with `\n` for its newlines. A backslash is doubled where there is a newline too, or always.
    static func escaped(_ name: String, always: Bool) -> String {
        let units = Array(name.utf8)
        guard units.contains(0x0A) || units.contains(0x0D) || always && units.contains(UInt8(ascii: "\\")) else {
            return name
        }
        var result: [UInt8] = []
        for unit in units {
            switch unit {
            case 0x0A: result += Array("\\n".utf8)
            case 0x0D: result += Array("\\r".utf8)
            case UInt8(ascii: "\\"): result += Array("\\\\".utf8)
            default: result.append(unit)
            }
        }
        return result.text
    }

    /// What an escaped name stands for; nil when it makes no sense.
    static func resolved(_ name: [UInt8]) -> String? {
        var result: [UInt8] = []
        var rest = name[...]
        while let unit = rest.popFirst() {
            guard unit == UInt8(ascii: "\\") else {
                result.append(unit)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "\\"): result.append(UInt8(ascii: "\\"))
            default: return nil
            }
        }
        return result.text
    }

    /// A name in quotes when a shell would take it for something else.
    static func quoted(_ name: String) -> String {
        let marks = Set(" \t\n\"'\\$`*?[]{}()<>|&;!#~".utf8)
        let isPlain = !name.isEmpty && !name.utf8.contains { marks.contains($0) }
        return isPlain ? name : "'\(name.replacing("'", with: "'\\''"))'"
    }
}
