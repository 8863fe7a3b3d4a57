// SPDX-License-Identifier: Apache-2.0
// Random types, objects of them, and rows of appliers: what must hold of every merge.

import PodiumCodec
import Testing

@testable import PodiumSchema

/// A random type with objects of it.
private struct RandomType {
    let type: MergeType
    private let draw: (inout SplitMix) -> JSONValue

    func object(_ random: inout SplitMix) -> JSONValue { draw(&random) }

    private init(_ type: MergeType, _ draw: @escaping (inout SplitMix) -> JSONValue) {
        self.type = type
        self.draw = draw
    }

    /// An object of these members, without those that have nothing in them: an empty list or object is told from none
    /// only until the API has read it.
    private static func object(_ members: [(String, JSONValue)]) -> JSONValue {
        let filled = members.filter { $0.1.count > 0 || ($0.1.kind != .array && $0.1.kind != .object) }
        return .object(JSONObject(uniqueKeysWithValues: filled))
    }

    /// An object with some named members, each of a random type.
    static func structure(_ random: inout SplitMix, depth: Int) -> RandomType {
        let fields = Array("abcd".prefix(1 + random.next(4))).map { (String($0), any(&random, depth: depth - 1)) }
        let members = fields.map { ($0.0, MergeType.Reference.direct($0.1.type)) }
        return RandomType(MergeType(map: MergeType.Map(fields: members))) { random in
            object(fields.filter { _ in random.next(3) > 0 }.map { ($0.0, $0.1.object(&random)) })
        }
    }

    private static func any(_ random: inout SplitMix, depth: Int) -> RandomType {
        switch depth > 0 ? random.next(8) : random.next(2) {
        case 0: return RandomType(.numeric) { .integer(Int64($0.next(3))) }
        case 1: return RandomType(.string) { .string(String("xyz".randomElement(using: &$0) ?? "x")) }
        case 2: return structure(&random, depth: depth)
        case 3: return map(&random, depth: depth)
        case 4: return set
        case 5, 6: return keyedList(&random, depth: depth)
        default: return atomic
        }
    }

    private static func map(_ random: inout SplitMix, depth: Int) -> RandomType {
        let element = any(&random, depth: depth - 1)
        return RandomType(MergeType(map: MergeType.Map(element: .direct(element.type)))) { random in
            let names = ["k", "l", "m"].filter { _ in random.next(2) > 0 }
            return object(names.map { ($0, element.object(&random)) })
        }
    }

    private static var set: RandomType {
        RandomType(MergeType(list: MergeType.List(.set, of: .direct(.string)))) { random in
            .array(["p", "q", "r"].filter { _ in random.next(2) > 0 }.shuffled(using: &random))
        }
    }

    private static var atomic: RandomType {
        RandomType(MergeType(list: MergeType.List(.atomic, of: .direct(.numeric)))) { random in
            .array((0..<random.next(3)).map { _ in .integer(Int64(random.next(2))) })
        }
    }

    private static func keyedList(_ random: inout SplitMix, depth: Int) -> RandomType {
        let value = any(&random, depth: depth - 1)
        let element = MergeType(
            map: MergeType.Map(fields: [("n", .direct(.string)), ("v", .direct(value.type))])
        )
        let keys = MergeType.List.Relationship.keyed([MergeType.Key(name: "n")])
        return RandomType(MergeType(list: MergeType.List(keys, of: .direct(element)))) { random in
            let names = ["1", "2", "3", "4"].filter { _ in random.next(2) > 0 }.shuffled(using: &random)
            return .array(names.map { object([("n", .string($0)), ("v", value.object(&random))]) })
        }
    }
}

@Suite struct MergeProperties {
    private func keeper(_ type: MergeType) -> FieldManager<JSONValue> {
        let version = ObjectVersion<JSONValue>(apiVersion: "v1", type: type) { _, _ in nil }
        return FieldManager(version: version, subresource: "", filter: .everything, now: "2026-01-01T00:00:00Z")
    }

    private struct World {
        var live: JSONValue = .emptyObject
        var managed = ManagedFields()
        /// What each applier applied last.
        var wanted: [String: JSONValue] = [:]
    }

    /// Runs `body` on many worlds in which some appliers have applied some objects, each by force.
    private func forEachWorld(
        _ body: (inout World, RandomTypeBox, inout SplitMix) throws -> Void
    ) throws {
        for seed in 0..<400 {
            var random = SplitMix(seed: UInt64(seed))
            let type = RandomTypeBox(&random)
            var world = World()
            for _ in 0..<(1 + random.next(5)) {
                try apply(type.object(&random), as: "m\(random.next(3))", force: true, type, &world)
            }
            try body(&world, type, &random)
        }
    }

    /// Hides the random type from the signatures of tests.
    struct RandomTypeBox {
        private let random: RandomType
        var type: MergeType { random.type }

        init(_ generator: inout SplitMix) { random = RandomType.structure(&generator, depth: 4) }

        func object(_ generator: inout SplitMix) -> JSONValue { random.object(&generator) }
    }

    private func apply(
        _ object: JSONValue,
        as manager: String,
        force: Bool,
        _ type: RandomTypeBox,
        _ world: inout World
    ) throws {
        let outcome = try keeper(type.type).apply(
            object,
            to: world.live,
            managed: world.managed,
            manager: manager,
            force: force
        )
        world.live = outcome.object ?? world.live
        world.managed = outcome.managed
        world.wanted[manager] = object
    }

    @Test func applyingTwiceChangesNothing() throws {
        try forEachWorld { world, type, random in
            let object = type.object(&random)
            try apply(object, as: "m0", force: true, type, &world)
            let before = world
            try apply(object, as: "m0", force: false, type, &world)
            #expect(world.live == before.live)
            #expect(world.managed == before.managed)
        }
    }

    @Test func theLiveObjectLacksNoFieldThatIsOwned() throws {
        try forEachWorld { world, type, _ in
            let fields = try type.type.fields(of: world.live).withNamedFields(of: type.type)
            for owned in world.managed.entries {
                #expect(owned.fields.withNamedFields(of: type.type).subtracting(fields).isEmpty)
            }
        }
    }

    @Test func ownersAreJustThoseWhoseWishStands() throws {
        try forEachWorld { world, type, _ in
            for (manager, object) in world.wanted {
                let set = try type.type.fields(of: object)
                let owned = world.managed[.applier(manager)]?.fields ?? FieldSet()
                #expect(owned.subtracting(set).isEmpty, "nobody owns what they do not set")
                // What was taken from somebody is not what they want any more.
                let differences = try type.type.compare(object, world.live)
                set.subtracting(owned).forEachPath { path in
                    let isOther =
                        differences.modified.contains(path[...]) || differences.removed.contains(path[...])
                        || differences.added.contains(path[...])
                    let isTakenByOthers = world.managed.entries.contains { $0.fields.contains(path[...]) }
                    #expect(isOther || isTakenByOthers)
                }
            }
        }
    }

    @Test func withoutForceConflictsNameJustTheFieldsOfOthers() throws {
        try forEachWorld { world, type, random in
            let object = type.object(&random)
            let merged = try type.type.merge(world.live, object)
            let before = world
            do {
                try apply(object, as: "new", force: false, type, &world)
                for owned in before.managed.entries {
                    #expect(world.managed[owned.owner]?.fields == owned.fields, "without a conflict nobody loses")
                }
            } catch ApplyError.conflicts(let conflicts) {
                let changed = try type.type.compare(before.live, merged)
                for conflict in conflicts {
                    let theirs = before.managed[conflict.owner]?.fields ?? FieldSet()
                    #expect(conflict.fields == theirs.intersection(changed.modified.union(changed.added)))
                }
                try apply(object, as: "new", force: true, type, &world)
                for conflict in conflicts {
                    let rest = world.managed[conflict.owner]?.fields ?? FieldSet()
                    #expect(rest.intersection(conflict.fields).isEmpty, "force takes them")
                }
            }
        }
    }

    @Test func whatAnApplierGivesUpGoesUnlessSomebodyElseOwnsIt() throws {
        try forEachWorld { world, type, _ in
            for manager in world.wanted.keys.sorted() {
                let mine = world.managed[.applier(manager)]?.fields ?? FieldSet()
                try apply(.emptyObject, as: manager, force: false, type, &world)
                let rest = try type.type.fields(of: world.live)
                let others = world.managed.entries.reduce(FieldSet()) { $0.union($1.fields) }
                    .withNamedFields(of: type.type)
                mine.subtracting(others).forEachPath { path in
                    // An element that others own parts of stays for their sake.
                    let isHeld = others.descend(path[...])
                    #expect(isHeld || !rest.contains(path[...]), "\(path.map(\.text).joined()) of \(manager)")
                }
            }
            #expect(world.managed.isEmpty)
        }
    }
}

extension FieldSet {
    /// Whether there are paths below `path`.
    fileprivate func descend(_ path: ArraySlice<PathElement>) -> Bool {
        guard let first = path.first else { return !isEmpty }
        return child(first)?.descend(path.dropFirst()) ?? false
    }
}
