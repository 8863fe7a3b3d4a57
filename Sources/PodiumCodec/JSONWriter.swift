// SPDX-License-Identifier: Apache-2.0
// Writes a JSON tree as compact bytes, escaped as Kubernetes escapes them.

/// Collects bytes of JSON text.
package struct JSONWriter {
    /// What has been written so far.
    package private(set) var bytes: [UInt8] = []

    /// Makes an empty writer with room for `capacity` bytes.
    package init(capacity: Int = 1024) { bytes.reserveCapacity(capacity) }

    /// Writes a whole tree.
    package mutating func write(_ value: JSONValue) {
        switch value {
        case .null: raw("null")
        case .bool(let flag): raw(flag ? "true" : "false")
        case .integer(let number): write(number)
        case .number(let number): bytes.append(contentsOf: number.text.utf8)
        case .string(let text): write(text)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            var first = true
            for element in elements {
                if !first { bytes.append(UInt8(ascii: ",")) }
                first = false
                write(element)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            var first = true
            for (key, member) in members {
                if !first { bytes.append(UInt8(ascii: ",")) }
                first = false
                write(key)
                bytes.append(UInt8(ascii: ":"))
                write(member)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// Writes bytes as they are.
    package mutating func raw(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Writes bytes as they are.
    package mutating func raw(_ buffer: UnsafeRawBufferPointer) { bytes.append(contentsOf: buffer) }

    /// Takes back the last byte written, which must exist.
    package mutating func removeLast() { bytes.removeLast() }

    /// Writes a decimal number.
    package mutating func write(_ number: Int64) {
        if number >= 0, number < 10 {
            bytes.append(UInt8(ascii: "0") + UInt8(number))
        } else {
            bytes.append(contentsOf: String(number).utf8)
        }
    }

    /// Writes a string with its quotes, escaping what Go's `encoding/json` escapes (also `<`, `>` and `&`).
    /// - Parameter prefix: what stands before it in the same string, and needs no escapes.
    package mutating func write(_ text: String, prefix: StaticString = "") {
        bytes.append(UInt8(ascii: "\""))
        raw(prefix)
        var text = text
        text.withUTF8 { units in
            var start = 0
            var index = 0
            while index < units.count {
                let unit = units[index]
                if Self.isPlain(unit) || (unit >= 0x80 && !Self.isLineSeparator(units, at: index)) {
                    index += 1
                    continue
                }
                bytes.append(contentsOf: units[start..<index])
                if unit >= 0x80 {
                    bytes.append(contentsOf: units[index + 2] == 0xA8 ? "\\u2028".utf8 : "\\u2029".utf8)
                    index += 3
                } else {
                    escape(unit)
                    index += 1
                }
                start = index
            }
            bytes.append(contentsOf: units[start..<index])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func isPlain(_ unit: UInt8) -> Bool {
        switch unit {
        case 0..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"):
            false
        default: unit < 0x80
        }
    }

    /// U+2028 and U+2029, which JavaScript would take for line ends.
    private static func isLineSeparator(_ units: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
        units[index] == 0xE2 && index + 2 < units.count && units[index + 1] == 0x80 && units[index + 2] & 0xFE == 0xA8
    }

    private mutating func escape(_ unit: UInt8) {
        switch unit {
        case UInt8(ascii: "\""): raw("\\\"")
        case UInt8(ascii: "\\"): raw("\\\\")
        case 0x08: raw("\\b")
        case 0x0C: raw("\\f")
        case 0x0A: raw("\\n")
        case 0x0D: raw("\\r")
        case 0x09: raw("\\t")
        default:
            raw("\\u00")
            let digits: StaticString = "0123456789abcdef"
            bytes.append(digits.utf8Start[Int(unit >> 4)])
            bytes.append(digits.utf8Start[Int(unit & 15)])
        }
    }
}

extension JSONValue {
    /// The compact JSON text.
    package func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.write(self)
        return writer.bytes
    }

    /// The compact JSON text.
    package var jsonText: String { String(decoding: encoded(), as: UTF8.self) }
}
