// SPDX-License-Identifier: Apache-2.0
// What the tests of this target share: one registry, short ways to JSON, and reproducible chance.

import PodiumCodec
import PodiumMachinery
import PodiumSchema

/// The registry is immutable to its users, so that all tests can share one.
let sharedRegistry = SchemaRegistry()

extension GroupVersionKind {
    static let pod = GroupVersionKind(group: "", version: "v1", kind: "Pod")
    static let deployment = GroupVersionKind(group: "apps", version: "v1", kind: "Deployment")
    static let widget = GroupVersionKind(group: "example.com", version: "v1", kind: "Widget")
}

/// The tree of a text that the test itself holds.
func json(_ text: String) throws -> JSONValue { try JSONValue(json: text) }

/// What the decoder makes of `text` as the kind or type `name`.
func decode(_ text: String, as name: String) throws -> DecodedObject {
    let schema = try requireSchema(name)
    return try SchemaDecoder.decode(JSONDocument(json: Array(text.utf8)), as: schema)
}

/// The type whose full name ends in `name`: `core.v1.Pod`.
func requireSchema(_ name: String) throws -> Schema {
    guard let full = sharedRegistry.typeNames.first(where: { $0.hasSuffix(".\(name)") }),
        let schema = sharedRegistry.schema(named: full)
    else { throw MissingType(name: name) }
    return schema
}

struct MissingType: Error {
    let name: String
}

/// A small generator of numbers, so that a failing seed can be run again.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
