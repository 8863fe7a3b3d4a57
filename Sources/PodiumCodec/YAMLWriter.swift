// SPDX-License-Identifier: Apache-2.0
// Writes a JSON tree as YAML, byte for byte as Kubernetes' YAML library does.

/// Collects YAML text: block style, sorted members, two spaces a level, lists not indented below their member.
// Kubernetes: sigs.k8s.io/yaml, goyaml.v2
package struct YAMLWriter {
    /// What has been written so far.
    package private(set) var bytes: [UInt8] = []
    /// The characters behind the last line end.
    var column = 0

    package init() {}

    /// Writes a whole document.
    package mutating func write(_ value: JSONValue) {
        writeNode(value, indent: -1, inMember: false)
        if column > 0 { endLine() }
    }

    /// Writes `value` behind what introduces it, in a collection at `indent`, which is -1 at the top.
    private mutating func writeNode(_ value: JSONValue, indent: Int, inMember: Bool) {
        switch value {
        case .object(let members) where !members.isEmpty:
            if inMember { endLine() }
            writeMembers(members, indent: indent < 0 ? 0 : indent + 2, startsLine: inMember)
        case .array(let elements) where !elements.isEmpty:
            if inMember { endLine() }
            // A list that is the value of a member stands at the indentation of that member.
            writeElements(elements, indent: indent < 0 ? 0 : inMember ? indent : indent + 2, startsLine: inMember)
        default:
            if column > 0 { put(" ") }
            writeScalar(value, indent: indent < 0 ? 2 : indent + 2)
            endLine()
        }
    }

    private mutating func writeMembers(_ members: JSONObject, indent: Int, startsLine: Bool) {
        var isFirst = true
        for (key, value) in members.sorted(by: { YAMLKeyOrder.precedes($0.key, $1.key) }) {
            beginEntry(indent, continuesLine: isFirst && !startsLine)
            isFirst = false
            writeKey(key, indent: indent)
            put(":")
            writeNode(value, indent: indent, inMember: true)
        }
    }

    private mutating func writeElements(_ elements: [JSONValue], indent: Int, startsLine: Bool) {
        var isFirst = true
        for element in elements {
            beginEntry(indent, continuesLine: isFirst && !startsLine)
            isFirst = false
            put("-")
            writeNode(element, indent: indent, inMember: false)
        }
    }

    /// Goes to where an entry begins: behind the `-` of the list around it, or on its own line.
    private mutating func beginEntry(_ indent: Int, continuesLine: Bool) {
        if continuesLine, column > 0 {
            put(" ")
        } else {
            while column < indent { put(" ") }
        }
    }

    private mutating func writeKey(_ key: String, indent: Int) {
        // A key longer than this, or one with a line end in it, would need the form `? key`.
        let isSimple = key.utf8.count <= 128 && !key.utf8.contains(UInt8(ascii: "\n"))
        if isSimple {
            writeText(key, indent: indent, isKey: true)
        } else {
            put("? ")
            writeText(key, indent: indent + 2, isKey: false)
            endLine()
            while column < indent { put(" ") }
        }
    }

    private mutating func writeScalar(_ value: JSONValue, indent: Int) {
        switch value {
        case .null: put("null")
        case .bool(let flag): put(flag ? "true" : "false")
        case .integer(let number): put(String(number))
        case .number(let number): put(number.text)
        case .string(let text): writeText(text, indent: indent, isKey: false)
        case .array: put("[]")
        case .object: put("{}")
        }
    }

    // MARK: Characters

    mutating func put(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        column += text.unicodeScalars.count
    }

    mutating func put(_ scalar: Unicode.Scalar) {
        bytes.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
        column += 1
    }

    mutating func endLine() {
        bytes.append(UInt8(ascii: "\n"))
        column = 0
    }

    /// Takes back the line end written last.
    mutating func dropLineEnd() { bytes.removeLast() }

    /// Ends the line and goes to column `indent`.
    mutating func startLine(_ indent: Int) {
        endLine()
        while column < indent { put(" ") }
    }
}

extension JSONValue {
    /// The YAML text, ending in a newline.
    package var yaml: [UInt8] {
        var writer = YAMLWriter()
        writer.write(self)
        return writer.bytes
    }
}

/// The order of members: by letters, but numbers inside of names by their value (`a2` before `a10`).
// goyaml.v2: sorter.go
enum YAMLKeyOrder {
    static func precedes(_ left: String, _ right: String) -> Bool {
        let left = Array(left.unicodeScalars)
        let right = Array(right.unicodeScalars)
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
            return precedes(left, right, differingAt: index)
        }
        return left.count < right.count
    }

    private static func precedes(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar], differingAt index: Int) -> Bool {
        let leftIsLetter = left[index].properties.isAlphabetic
        let rightIsLetter = right[index].properties.isAlphabetic
        if leftIsLetter, rightIsLetter { return left[index] < right[index] }
        if leftIsLetter || rightIsLetter { return rightIsLetter }
        var start = 0
        if left[index] == "0" || right[index] == "0" {
            // A zero inside of a number counts; leading zeros do not.
            var before = index - 1
            while before >= 0, isDigit(left[before]) {
                if left[before] != "0" {
                    start = 1
                    break
                }
                before -= 1
            }
        }
        let (leftNumber, leftEnd) = number(left, from: index, start: start)
        let (rightNumber, rightEnd) = number(right, from: index, start: start)
        if leftNumber != rightNumber { return leftNumber < rightNumber }
        if leftEnd != rightEnd { return leftEnd < rightEnd }
        return left[index] < right[index]
    }

    private static func number(_ text: [Unicode.Scalar], from start: Int, start value: Int) -> (value: Int, end: Int) {
        var value = value
        var index = start
        while index < text.count, isDigit(text[index]) {
            value = value &* 10 &+ Int(text[index].value - 0x30)
            index += 1
        }
        return (value, index)
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
}
