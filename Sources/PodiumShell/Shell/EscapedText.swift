// SPDX-License-Identifier: Apache-2.0
// Backslash escapes of `echo -e`, `printf` and `$'…'`.

import PodiumCodec
import PodiumRuntime

/// Resolves backslash escapes.
enum EscapedText {
    /// Where the text stands.
    enum Style {
        /// `echo -e` and `printf %b`: octal numbers begin with 0.
        case echo
        /// The format of `printf`.
        case format
        /// `$'…'`.
        case shellQuote
    }

    /// The bytes of `text`, and whether `\c` ended them.
    static func resolve(_ text: [UInt8], _ style: Style) -> (bytes: [UInt8], isStopped: Bool) {
        var result: [UInt8] = []
        var rest = text[...]
        while let unit = rest.popFirst() {
            guard unit == UInt8(ascii: "\\"), let mark = rest.first else {
                result.append(unit)
                continue
            }
            rest = rest.dropFirst()
            if mark == UInt8(ascii: "c"), style != .shellQuote { return (result, true) }
            if let simple = simple[mark] {
                result.append(simple)
            } else if mark == UInt8(ascii: "x"), let value = number(&rest, radix: 16, digits: 2) {
                result.append(UInt8(truncatingIfNeeded: value))
            } else if mark == UInt8(ascii: "u") || mark == UInt8(ascii: "U"),
                let value = number(&rest, radix: 16, digits: mark == UInt8(ascii: "u") ? 4 : 8),
                let scalar = UnicodeScalar(UInt32(truncatingIfNeeded: value))
            {
                result += Array(String(Character(scalar)).utf8)
            } else if (0x30...0x37).contains(mark) {
                let isZero = mark == 0x30
                // By its index: a copy of the rest for each number would make long texts slow.
                if !isZero || style != .echo { rest = text[(rest.startIndex - 1)...] }
                result.append(UInt8(truncatingIfNeeded: number(&rest, radix: 8, digits: 3) ?? 0))
            } else if style == .shellQuote, mark == UInt8(ascii: "'") || mark == UInt8(ascii: "\"") {
                result.append(mark)
            } else {
                result += [unit, mark]
            }
        }
        return (result, false)
    }

    private static let simple: [UInt8: UInt8] = [
        UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "e"): 27, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10,
        UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11, UInt8(ascii: "\\"): 0x5C,
    ]

    private static func number(_ rest: inout ArraySlice<UInt8>, radix: Int, digits: Int) -> Int? {
        let text = rest.prefix(digits).prefix { radix == 16 ? $0.isHexDigit : (0x30...0x37).contains($0) }
        guard let value = Int(text.text, radix: radix) else { return nil }
        rest = rest.dropFirst(text.count)
        return value
    }
}
