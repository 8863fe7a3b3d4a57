// SPDX-License-Identifier: Apache-2.0
// Random objects and broken texts, reproducible by their seed.

import PodiumCodec
import PodiumMachinery
import PodiumSchema
import Testing

/// Random objects and broken texts: what is written is read back as it is, and nothing crashes.
@Suite struct FuzzTests {
    private static let kinds: [GroupVersionKind] = [
        .pod, .deployment,
        GroupVersionKind(group: "", version: "v1", kind: "Service"),
        GroupVersionKind(group: "", version: "v1", kind: "Node"),
        GroupVersionKind(group: "batch", version: "v1", kind: "Job"),
        GroupVersionKind(group: "coordination.k8s.io", version: "v1", kind: "Lease"),
        GroupVersionKind(group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition"),
    ]

    @Test("What is written is read back unchanged", arguments: 1...8)
    func canonicalFormIsAFixedPoint(seed: UInt64) throws {
        var maker = ObjectMaker(seed: seed)
        for kind in Self.kinds {
            let schema = try #require(sharedRegistry.schema(for: kind))
            let once = try SchemaDecoder.decode(maker.object(schema, depth: 0), as: schema)
            let twice = try SchemaDecoder.decode(once.value, as: schema)
            #expect(once.value.jsonText == twice.value.jsonText, "seed \(seed)")
            #expect(once.strictErrors.isEmpty && twice.strictErrors.isEmpty)
            #expect(try SchemaDecoder.convert(once.value, to: schema).value.jsonText == once.value.jsonText)
        }
    }

    @Test("Empty patches change nothing", arguments: 1...4)
    func emptyPatchesChangeNothing(seed: UInt64) throws {
        var maker = ObjectMaker(seed: seed)
        for kind in Self.kinds {
            let object = try self.object(of: kind, &maker)
            for (type, body) in [(PatchType.json, "[]"), (.merge, "{}"), (.strategic, "{}")] {
                let patch = Patch(type: type, body: Array(body.utf8), fieldValidation: .strict)
                #expect(try patch.apply(to: object, kind: kind, registry: sharedRegistry).object == object)
            }
        }
    }

    @Test("A merge patch that names everything makes the other object", arguments: 1...4)
    func mergePatchesMakeTheOtherObject(seed: UInt64) throws {
        var maker = ObjectMaker(seed: seed)
        for kind in Self.kinds {
            let (first, second) = (try object(of: kind, &maker), try object(of: kind, &maker))
            let body = JSONValue.object(["metadata", "spec", "status"].reduce(into: [:]) { $0[$1] = .null })
            let cleared = try Patch(type: .merge, body: body.encoded(), fieldValidation: .ignore)
                .apply(to: first, kind: kind, registry: sharedRegistry).object
            let merged = try Patch(type: .merge, body: second.encoded(), fieldValidation: .ignore)
                .apply(to: cleared, kind: kind, registry: sharedRegistry).object
            for part in ["metadata", "spec", "status"] { #expect(merged[part] == second[part], "seed \(seed) \(kind)") }
        }
    }

    @Test("Broken bodies are refused or read, and never crash", arguments: 1...4)
    func brokenBodies(seed: UInt64) throws {
        var maker = ObjectMaker(seed: seed)
        let decoder = RequestDecoder(registry: sharedRegistry)
        for kind in Self.kinds {
            let object = try self.object(of: kind, &maker)
            for _ in 0..<40 {
                let body = maker.broken(object.encoded())
                for format in [BodyFormat.json, .yaml] {
                    _ = try? decoder.decode(body: body, format: format, expected: kind, fieldValidation: .warn)
                }
                for type in [PatchType.json, .merge, .strategic] {
                    let patch = Patch(type: type, body: body, fieldValidation: .warn)
                    _ = try? patch.apply(to: object, kind: kind, registry: sharedRegistry)
                }
            }
        }
    }

    @Test("Random values in place of others are refused or read, and never crash", arguments: 1...4)
    func misplacedValues(seed: UInt64) throws {
        var maker = ObjectMaker(seed: seed)
        for kind in Self.kinds {
            let object = try self.object(of: kind, &maker)
            for _ in 0..<40 {
                let patch = Patch(type: .strategic, body: maker.misplaced(object).encoded(), fieldValidation: .warn)
                _ = try? patch.apply(to: object, kind: kind, registry: sharedRegistry)
            }
        }
    }

    private func object(of kind: GroupVersionKind, _ maker: inout ObjectMaker) throws -> JSONValue {
        let schema = try #require(sharedRegistry.schema(for: kind))
        let body = maker.object(schema, depth: 0).encoded()
        return try RequestDecoder(registry: sharedRegistry)
            .decode(body: body, format: .json, expected: kind, fieldValidation: .strict).object
    }
}

/// Makes random objects of a type, and breaks them.
private struct ObjectMaker {
    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    mutating func object(_ schema: Schema, depth: Int) -> JSONValue {
        var members: JSONObject = [:]
        for field in schema.fields.shuffled(using: &random) where field.name != "kind" && field.name != "apiVersion" {
            guard chance(depth < 2 ? 70 : 25) else { continue }
            members[field.name] = chance(8) ? .null : value(field, depth: depth)
        }
        return .object(members)
    }

    private mutating func value(_ field: SchemaField, depth: Int) -> JSONValue {
        let count = Int.random(in: 0...2, using: &random)
        switch field.container {
        case .single: return element(field, depth: depth)
        case .list: return .array((0..<count).map { _ in element(field, depth: depth) })
        case .map: return .object((0..<count).reduce(into: [:]) { $0["k\($1)"] = element(field, depth: depth) })
        case .mapOfLists: return .object((0..<count).reduce(into: [:]) { $0["k\($1)"] = ["x"] })
        }
    }

    private mutating func element(_ field: SchemaField, depth: Int) -> JSONValue {
        if let schema = sharedRegistry.schema(of: field) {
            return depth > 8 ? .emptyObject : object(schema, depth: depth + 1)
        }
        switch field.type {
        case .string: return pick(["", "a", "b c", "\u{e9}\"\\"])
        case .bool: return .bool(chance(50))
        case .int32, .int64: return pick([0, 1, -7, 2_147_483_647])
        case .double: return pick([0, .number(JSONNumber(text: "1.50")), .number(JSONNumber(text: "2e3"))])
        case .bytes: return pick(["", "YQ==", "YWJj"])
        case .quantity: return pick(["0", "1000m", "1.5Gi", "0.1", 3, .number(JSONNumber(text: "2.5"))])
        case .time: return pick(["2020-01-01T00:00:00Z", "2020-02-29T12:00:00.9+05:30", "0001-01-01T00:00:00Z"])
        case .microTime: return pick(["2020-01-01T00:00:00.000001Z", "2020-02-29T12:00:00.900000-05:30"])
        case .intOrString: return pick([0, 80, "http", "50%"])
        case .raw, .object: return pick([["a": 1], ["x"], "s", 5])
        case .schemaOrBool: return pick([true, false, ["type": "string"]])
        case .schemaOrArray: return pick([["type": "string"], [["type": "string"]]])
        case .schemaOrStringArray: return pick([["type": "string"], ["a", "b"]])
        }
    }

    /// `bytes` with some of them changed, taken out or cut off.
    mutating func broken(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
            let index = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0...3, using: &random) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: index)
            case 2: bytes[index] = Array("{}[]\",:0-n".utf8).randomElement(using: &random) ?? 0
            default: bytes.removeSubrange(index...)
            }
        }
        return bytes
    }

    /// `value` with some parts replaced by directives and values of other types.
    mutating func misplaced(_ value: JSONValue) -> JSONValue {
        if chance(6) { return pick([.null, true, 5, "x", [], [:], [.null], [["name": 5]], [[[]]]]) }
        switch value {
        case .array(let elements): return .array(elements.map { misplaced($0) })
        case .object(let members):
            var result = members.mapValues { misplaced($0) }
            if chance(5) { result["$patch"] = pick(["replace", "delete", "merge", 5]) }
            if chance(5) { result["$retainKeys"] = pick([["name"], "x", []]) }
            if chance(5), let name = members.keys.first {
                result["$setElementOrder/\(name)"] = pick([[], ["x"], [["name": "a"]], 5])
                result["$deleteFromPrimitiveList/\(name)"] = pick([[], ["x"], [["name": "a"]], 5])
            }
            return .object(result)
        default: return value
        }
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func pick(_ values: [JSONValue]) -> JSONValue { values.randomElement(using: &random) ?? .null }
}
