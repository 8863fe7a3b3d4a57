// SPDX-License-Identifier: Apache-2.0
// The members of objects: against a plain row of pairs, on both sides of the size at which a table comes in.

import PodiumCodec
import Testing

@Suite struct JSONObjectTests {
    /// Numbers that look drawn.
    private struct Draw {
        var state: UInt64

        mutating func below(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
    }

    private typealias Row = [(key: String, value: JSONValue)]

    private func expectSame(_ object: JSONObject, _ row: Row, _ names: [String]) {
        #expect(object.map(\.key) == row.map(\.key))
        #expect(object.map(\.value) == row.map(\.value))
        #expect(object.count == row.count && Array(object.keys) == row.map(\.key))
        for name in names {
            #expect(object[name] == row.first { $0.key == name }?.value)
            #expect(object.index(forKey: name) == row.firstIndex { $0.key == name })
        }
    }

    @Test(arguments: [4, 15, 16, 17, 60], [1, 2, 3] as [UInt64])
    func everyChangeIsThatOfARow(nameCount: Int, seed: UInt64) {
        var draw = Draw(state: seed)
        let names = (0..<nameCount).map { "name-\($0)" }
        var object: JSONObject = [:]
        var row: Row = []
        for step in 0..<400 {
            let name = names[draw.below(nameCount)]
            let value = JSONValue.integer(Int64(step))
            let place = row.firstIndex { $0.key == name }
            switch draw.below(7) {
            case 0, 1:
                object[name] = value
                if let place { row[place].value = value } else { row.append((name, value)) }
            case 2:
                #expect(object.updateValue(value, forKey: name) == place.map { row[$0].value })
                if let place { row[place].value = value } else { row.append((name, value)) }
            case 3:
                #expect(object.removeValue(forKey: name) == place.map { row[$0].value })
                if let place { row.remove(at: place) }
            case 4:
                // In place, through the optional and through the default.
                object[name]?.updateArray { $0.append(value) }
                if let place { row[place].value.updateArray { $0.append(value) } }
            case 5:
                object[name, default: []].updateArray { $0.append(value) }
                if place == nil { row.append((name, [])) }
                row[place ?? row.count - 1].value.updateArray { $0.append(value) }
            default:
                let target = draw.below(row.count + 1)
                object.updateValue(value, forKey: name, insertingAt: target)
                if let place { row[place].value = value } else { row.insert((name, value), at: target) }
            }
        }
        expectSame(object, row, names + ["other"])
        let kept = object.filter { $0.key.hasSuffix("1") || $0.key.hasSuffix("2") }
        expectSame(kept, row.filter { $0.key.hasSuffix("1") || $0.key.hasSuffix("2") }, names)
        object.removeAll { $0.key.hasSuffix("3") }
        row.removeAll { $0.key.hasSuffix("3") }
        expectSame(object, row, names)
        object.sort()
        expectSame(object, row.sorted { $0.key < $1.key }, names)
        expectSame(object.mapValues { .array([$0]) }, object.map { ($0, .array([$1])) }, names)
    }

    @Test(arguments: [3, 16, 40]) func theOrderDoesNotMatterToEquality(count: Int) {
        let members = (0..<count).map { ("n\($0)", JSONValue.integer(Int64($0))) }
        let one = JSONObject(uniqueKeysWithValues: members)
        var other = JSONObject(uniqueKeysWithValues: members.reversed())
        #expect(one == other && one.hashValue == other.hashValue)
        other["n0"] = 7
        #expect(one != other)
        other["n0"] = nil
        #expect(one != other)
        other["more"] = 0
        #expect(one != other)
    }

    @Test func aCopyIsItsOwn() {
        let one: JSONObject = ["a": ["x": 1], "b": 2]
        var other = one
        other["a"]?["x"] = 3
        #expect(one["a"] == ["x": 1] && other["a"] == ["x": 3])
        #expect(JSONValue.object(one).isIdentical(to: .object(one)))
        #expect(!JSONValue.object(one).isIdentical(to: .object(other)))
    }

    @Test func membersOfOneNameAreJoined() {
        let joined = JSONObject([("a", 1), ("b", 2), ("a", 3)]) { .array([$0, $1]) }
        #expect(joined == ["a": [1, 3], "b": 2])
        #expect(joined.merging(["b": 4, "c": 5]) { first, _ in first } == ["a": [1, 3], "b": 2, "c": 5])
        #expect(joined.compactMapValues { $0.integer == nil ? $0 : nil } == ["a": [1, 3]])
    }
}
