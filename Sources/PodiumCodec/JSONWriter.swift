// SPDX-License-Identifier: Apache-2.0
// Writes a JSON tree as compact bytes, escaped as Kubernetes escapes them.

/// Collects bytes of JSON text.
// It owns its memory: appending to an array of bytes takes several times as many steps as the bytes.
package struct JSONWriter: ~Copyable {
    private var start: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    /// How many bytes have been written so far.
    package private(set) var count = 0

    /// Makes an empty writer with room for `capacity` bytes.
    package init(capacity: Int = 1024) {
        self.capacity = max(capacity, 16)
        start = .allocate(capacity: self.capacity)
    }

    deinit { start.deallocate() }

    /// What has been written so far, copied.
    package var bytes: [UInt8] { Array(UnsafeBufferPointer(start: start, count: count)) }

    /// What has been written so far, copied.
    package var encoded: EncodedBytes {
        EncodedBytes(count: count) { $0.copyMemory(from: UnsafeRawBufferPointer(start: start, count: count)) }
    }

    /// What has been written so far as text.
    package var text: String { String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self) }

    // MARK: Values

    /// Writes a whole tree.
    package mutating func write(_ value: JSONValue) {
        switch value {
        case .null: raw("null")
        case .bool(let flag): raw(flag ? "true" : "false")
        case .integer(let number): write(number)
        case .number(let number): raw(number.text)
        case .string(let text): write(text)
        case .array(let elements):
            append(UInt8(ascii: "["))
            for index in elements.indices {
                if index > 0 { append(UInt8(ascii: ",")) }
                write(elements[index])
            }
            append(UInt8(ascii: "]"))
        case .object(let members):
            append(UInt8(ascii: "{"))
            for index in members.indices {
                if index > 0 { append(UInt8(ascii: ",")) }
                let member = members[index]
                write(member.key)
                append(UInt8(ascii: ":"))
                write(member.value)
            }
            append(UInt8(ascii: "}"))
        }
    }

    /// Writes a decimal number.
    package mutating func write(_ number: Int64) {
        if number >= 0, number < 10 {
            append(UInt8(ascii: "0") + UInt8(number))
        } else {
            raw(String(number))
        }
    }

    /// Writes a string with its quotes, escaping what Go's `encoding/json` escapes (also `<`, `>` and `&`).
    /// - Parameter prefix: what stands before it in the same string, and needs no escapes.
    package mutating func write(_ text: String, prefix: StaticString = "") {
        append(UInt8(ascii: "\""))
        if prefix.utf8CodeUnitCount > 0 { raw(prefix) }
        // All texts of documents are in one piece, which is written without a copy.
        if text.utf8.withContiguousStorageIfAvailable({ write(escaping: $0) }) == nil {
            Array(text.utf8).withUnsafeBufferPointer { write(escaping: $0) }
        }
        append(UInt8(ascii: "\""))
    }

    private mutating func write(escaping units: UnsafeBufferPointer<UInt8>) {
        var start = 0
        var index = 0
        while index < units.count {
            let unit = units[index]
            if Self.isPlain(unit) || (unit >= 0x80 && !Self.isLineSeparator(units, at: index)) {
                index += 1
                continue
            }
            append(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(units)[start..<index]))
            if unit >= 0x80 {
                raw(units[index + 2] == 0xA8 ? "\\u2028" : "\\u2029")
                index += 3
            } else {
                escape(unit)
                index += 1
            }
            start = index
        }
        append(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(units)[start...]))
    }

    // MARK: Bytes

    /// Writes bytes as they are.
    package mutating func raw(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Writes bytes as they are.
    package mutating func raw(_ buffer: UnsafeRawBufferPointer) { append(buffer) }

    /// Writes bytes as they are.
    private mutating func raw(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    /// Takes back the last byte written, which must exist.
    package mutating func removeLast() {
        precondition(count > 0, "nothing has been written")
        count -= 1
    }

    @inline(__always)
    private mutating func append(_ byte: UInt8) {
        if count == capacity { grow(by: 1) }
        start[count] = byte
        count += 1
    }

    @inline(__always)
    private mutating func append(_ buffer: UnsafeRawBufferPointer) {
        guard let source = buffer.baseAddress, !buffer.isEmpty else { return }
        if capacity - count < buffer.count { grow(by: buffer.count) }
        UnsafeMutableRawPointer(start + count).copyMemory(from: source, byteCount: buffer.count)
        count += buffer.count
    }

    /// Makes room for so many bytes more.
    @inline(never)
    private mutating func grow(by missing: Int) {
        capacity = max(2 * capacity, count + missing)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.update(from: start, count: count)
        start.deallocate()
        start = larger
    }

    // MARK: Escapes

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
            append(digits.utf8Start[Int(unit >> 4)])
            append(digits.utf8Start[Int(unit & 15)])
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
    package var jsonText: String {
        var writer = JSONWriter()
        writer.write(self)
        return writer.text
    }

    /// The compact JSON text in its place in memory.
    package var encodedBytes: EncodedBytes {
        var writer = JSONWriter()
        writer.write(self)
        return writer.encoded
    }
}
