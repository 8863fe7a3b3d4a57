// SPDX-License-Identifier: Apache-2.0
// Protobuf's wire format: tags, variable-length integers and lengths, none of which may lead out of the bytes.

/// Why bytes are not a protobuf message.
struct ProtobufError: Error, Equatable {
    let message: String

    static let truncated = ProtobufError(message: "unexpected EOF")
    static let overflow = ProtobufError(message: "proto: integer overflow")
    static let tooDeep = ProtobufError(message: "proto: exceeded max depth")

    static func illegalTag(_ field: Int, _ type: UInt64) -> ProtobufError {
        ProtobufError(message: "proto: illegal tag \(field) (wire type \(type))")
    }

    static func wrongType(_ value: WireValue, of field: String) -> ProtobufError {
        ProtobufError(message: "proto: wrong wireType = \(value.typeNumber) for field \(field)")
    }
}

/// The value of one field as it stands in the bytes.
enum WireValue {
    case varint(UInt64)
    case fixed64(UInt64)
    case bytes(ArraySlice<UInt8>)
    case fixed32(UInt32)

    var typeNumber: Int {
        switch self {
        case .varint: 0
        case .fixed64: 1
        case .bytes: 2
        case .fixed32: 5
        }
    }
}

/// A cursor over the fields of one message.
struct WireReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The number and value of the next field; nil at the end.
    mutating func next() throws(ProtobufError) -> (number: Int, value: WireValue)? {
        if rest.isEmpty { return nil }
        let tag = try varint()
        let number = Int(truncatingIfNeeded: tag >> 3)
        guard number > 0, number <= Int(Int32.max) else { throw .illegalTag(number, tag & 7) }
        switch tag & 7 {
        case 0: return (number, .varint(try varint()))
        case 1: return (number, .fixed64(try fixed(8)))
        case 2:
            let length = try varint()
            guard length <= UInt64(rest.count) else { throw .truncated }
            return (number, .bytes(take(Int(length))))
        case 5: return (number, .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
        default: throw .illegalTag(number, tag & 7)
        }
    }

    /// The integers that a packed list holds.
    mutating func packed() throws(ProtobufError) -> [UInt64] {
        var values: [UInt64] = []
        while !rest.isEmpty { values.append(try varint()) }
        return values
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8> {
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private mutating func fixed(_ count: Int) throws(ProtobufError) -> UInt64 {
        guard rest.count >= count else { throw .truncated }
        return take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func varint() throws(ProtobufError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = rest.popFirst() else { throw .truncated }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw .overflow
    }
}
