// SPDX-License-Identifier: Apache-2.0
// The hashes in the names of ReplicaSets and revisions.

import PodiumCodec
import PodiumMachinery

/// A short name for a value.
///
/// It has the form of upstream's, but is not the same: that one hashes what Go prints of its structures.
// Kubernetes: pkg/controller/controller_utils.go ComputeHash; apimachinery/pkg/util/rand/rand.go SafeEncodeString
struct TemplateHash {
    private static let alphabet = Array("bcdfghjklmnpqrstvwxz2456789".utf8)

    let text: String

    /// - Parameter collisions: how often a name of this kind was taken by something else; nil for not yet.
    init(of value: JSONValue, collisions: Int64?) {
        var writer = JSONWriter(capacity: 1024)
        writer.write(Self.sorted(value))
        var hash = FNV32()
        hash.add(writer.bytes)
        if let collisions {
            withUnsafeBytes(of: UInt64(UInt32(truncatingIfNeeded: collisions)).littleEndian) { hash.add($0) }
        }
        text = Self.encode(String(hash.value))
    }

    /// The value with the members of all its objects in the order of their names: two that are equal have one hash.
    static func sorted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            let sorted = members.sorted { $0.key < $1.key }.map { ($0.key, Self.sorted($0.value)) }
            return .object(JSONObject(uniqueKeysWithValues: sorted))
        case .array(let elements): return .array(elements.map(Self.sorted))
        default: return value
        }
    }

    /// `digits` without what could be taken for a word.
    private static func encode(_ digits: String) -> String {
        String(decoding: digits.utf8.map { alphabet[Int($0) % alphabet.count] }, as: UTF8.self)
    }
}

/// The hash of Fowler, Noll and Vo in its form 1a of 32 bits.
private struct FNV32 {
    private(set) var value: UInt32 = 2_166_136_261

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { value = (value ^ UInt32(byte)) &* 16_777_619 }
    }
}
