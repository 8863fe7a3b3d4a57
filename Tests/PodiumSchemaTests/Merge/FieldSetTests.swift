// SPDX-License-Identifier: Apache-2.0
// Sets of fields: their operations against plain sets of paths, and their JSON form.

import PodiumCodec
import Testing

@testable import PodiumSchema

@Suite struct FieldSetTests {
    /// A set of paths, each a row of letters.
    private func set(_ paths: String...) -> FieldSet { FieldSet(names: paths.map { $0.map(String.init) }) }

    private func paths(_ set: FieldSet) -> Set<[PathElement]> {
        var paths: Set<[PathElement]> = []
        set.forEachPath { paths.insert($0) }
        return paths
    }

    @Test func operationsAreThoseOfPlainSets() {
        var random = SplitMix(seed: 7)
        func draw() -> FieldSet {
            FieldSet(
                names: (0..<random.next(8)).map { _ in
                    (0...random.next(3)).map { _ in String("abc".randomElement(using: &random) ?? "a") }
                }
            )
        }
        for _ in 0..<2_000 {
            let (left, right) = (draw(), draw())
            #expect(paths(left.union(right)) == paths(left).union(paths(right)))
            #expect(paths(left.intersection(right)) == paths(left).intersection(paths(right)))
            #expect(paths(left.subtracting(right)) == paths(left).subtracting(paths(right)))
            #expect(left.intersects(right) == !paths(left).isDisjoint(with: paths(right)))
            #expect(left.contains(allOf: right) == paths(left).isSuperset(of: paths(right)))
            let below = paths(left).filter { path in paths(right).contains { path.starts(with: $0) } }
            #expect(paths(left.subtractingWhole(right)) == paths(left).subtracting(below))
            #expect(paths(left.intersectingWhole(right)) == below)
            #expect(left.count == paths(left).count)
            for path in paths(right) { #expect(left.contains(path[...]) == paths(left).contains(path)) }
        }
    }

    @Test func aSetIsReadAsItIsWritten() throws {
        let text = """
            {"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:containers":{"k:{\\"name\\":\\"c\\"}":{".":{},\
            "f:image":{},"f:ports":{"k:{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"}":{".":{}}}}},\
            "f:finalizers":{"v:\\"a/b\\"":{}},"f:list":{"i:3":{}}}}
            """
        let set = try FieldSet(fieldsV1: try JSONValue(json: text))
        #expect(set.contains([.field("metadata"), .field("labels")]))
        #expect(!set.contains([.field("metadata")]))
        var writer = JSONWriter()
        set.write(to: &writer)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == text.replacing("{\".\":{}}}}}", with: "{}}}}"))
    }

    @Test(arguments: ["[]", #"{"x:a":{}}"#, #"{"k:notjson":{}}"#, #"{"i:x":{}}"#, #"{"a":{}}"#, #"{"f:a":1}"#])
    func whatIsNoSetIsRefused(text: String) throws {
        let document = try JSONValue(json: text)
        #expect(throws: FieldSetError.self) { try FieldSet(fieldsV1: document) }
    }

    @Test func aSetThatNestsTooDeepIsRefused() throws {
        let text = String(repeating: #"{"f:a":"#, count: 200) + "{}" + String(repeating: "}", count: 200)
        let document = try JSONValue(json: text)
        #expect(throws: FieldSetError.self) { try FieldSet(fieldsV1: document) }
    }
}

/// Random numbers from a seed.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    mutating func next(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
}
