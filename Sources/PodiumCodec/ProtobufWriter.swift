// SPDX-License-Identifier: Apache-2.0
// Writes messages in the wire format of protobuf.

/// A message that grows field by field.
// Protocol Buffers: encoding, wire types 0 (varint) and 2 (length-delimited)
package struct ProtobufWriter: Sendable {
    private enum WireType {
        static let varint: UInt64 = 0
        static let delimited: UInt64 = 2
    }

    /// What was written.
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Adds a text, also an empty one.
    package mutating func write(_ text: String, as field: UInt64) {
        var text = text
        text.withUTF8 { buffer in
            head(field, WireType.delimited)
            varint(UInt64(buffer.count))
            bytes.append(contentsOf: buffer)
        }
    }

    /// Adds a truth value, also a false one.
    package mutating func write(_ value: Bool, as field: UInt64) {
        head(field, WireType.varint)
        bytes.append(value ? 1 : 0)
    }

    /// Adds the message that `body` writes.
    package mutating func write(as field: UInt64, _ body: (inout ProtobufWriter) -> Void) {
        var message = ProtobufWriter()
        body(&message)
        head(field, WireType.delimited)
        varint(UInt64(message.bytes.count))
        bytes.append(contentsOf: message.bytes)
    }

    private mutating func head(_ field: UInt64, _ type: UInt64) { varint(field << 3 | type) }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
