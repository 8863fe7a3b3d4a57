// SPDX-License-Identifier: Apache-2.0
// What Kubernetes puts around a protobuf message: four magic bytes and the kind of the object.

import PodiumCodec
import PodiumMachinery

/// An object as protobuf that names its kind.
// Kubernetes: apimachinery/pkg/runtime/serializer/protobuf/protobuf.go; runtime/generated.proto Unknown
struct ProtobufEnvelope {
    private static let magic: [UInt8] = [0x6B, 0x38, 0x73, 0x00]

    var apiVersion = ""
    var kind = ""
    /// The message of the object itself.
    var raw: ArraySlice<UInt8> = []

    init(_ bytes: [UInt8]) throws(ProtobufError) {
        if bytes.isEmpty { throw ProtobufError(message: "empty data") }
        guard bytes.starts(with: Self.magic) else {
            let text =
                "provided data does not appear to be a protobuf message, expected prefix \(Self.list(Self.magic))"
            throw ProtobufError(message: text)
        }
        var fields = WireReader(bytes.dropFirst(Self.magic.count))
        while let (number, value) = try fields.next() {
            switch (number, value) {
            case (1, .bytes(let message)): try readType(message)
            case (2, .bytes(let message)): raw = message
            case (1, _), (2, _): throw .wrongType(value, of: number == 1 ? "TypeMeta" : "Raw")
            default: break
            }
        }
    }

    private mutating func readType(_ message: ArraySlice<UInt8>) throws(ProtobufError) {
        var fields = WireReader(message)
        while let (number, value) = try fields.next() {
            guard number <= 2 else { continue }
            guard case .bytes(let text) = value else {
                throw .wrongType(value, of: number == 1 ? "APIVersion" : "Kind")
            }
            if number == 1 { apiVersion = String(decoding: text, as: UTF8.self) }
            if number == 2 { kind = String(decoding: text, as: UTF8.self) }
        }
    }

    /// Bytes as Go prints a slice of them.
    private static func list(_ bytes: [UInt8]) -> String {
        "[\(bytes.map(String.init).joined(separator: " "))]"
    }
}
