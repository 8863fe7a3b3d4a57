// SPDX-License-Identifier: Apache-2.0
// Reads JSON text into a tree: exact numbers, duplicate members, and the error texts that Kubernetes clients see.

/// Why a text is not JSON, worded as Kubernetes words it (its reader is Go's `encoding/json`).
package struct JSONError: Error, Equatable, CustomStringConvertible {
    /// The sentence that reaches the client.
    package let message: String
    /// The byte at which the text went wrong, counted from 0.
    package let offset: Int

    package var description: String { message }
}

/// A JSON text as a tree, with what a tree cannot hold.
package struct JSONDocument: Sendable {
    /// The tree. Of members with the same name the last one stands.
    package let value: JSONValue
    /// The paths (`spec.containers[0].name`) of members that stood more than once, in the order of the text.
    package let duplicates: [String]
    /// The same in the words of the language, where it has some of its own (YAML), one a member.
    package let repetitions: [String]

    /// A tree that came from another text than JSON.
    package init(value: JSONValue, duplicates: [String] = [], repetitions: [String] = []) {
        self.value = value
        self.duplicates = duplicates
        self.repetitions = repetitions
    }

    /// What a strict reader of YAML refuses the text for; nil when it does not.
    // Kubernetes: goyaml.v2 yaml.go TypeError
    package var strictProblem: String? {
        repetitions.isEmpty ? nil : "yaml: unmarshal errors:\n  \(repetitions.joined(separator: "\n  "))"
    }
}

/// The limits of the reader.
package enum JSONLimits {
    /// How deep arrays and objects may nest; a deeper text is refused.
    package static let maximumDepth = 512
}

extension JSONValue {
    /// Reads a whole JSON text.
    package init(json bytes: [UInt8]) throws(JSONError) {
        self = try JSONDocument(json: bytes).value
    }

    /// Reads a whole JSON text.
    package init(json text: String) throws(JSONError) {
        self = try JSONDocument(json: Array(text.utf8)).value
    }

    /// Reads the JSON text in `bytes`.
    /// - Parameter hole: where something is left out: a member of an object with the comma before it.
    package init(json bytes: EncodedBytes, leavingOut hole: Range<Int>? = nil) throws(JSONError) {
        var reader = JSONReader(bytes.buffer.bindMemory(to: UInt8.self), leavingOut: hole)
        self = try reader.readDocument()
    }

    /// Reads the JSON text in `slice`.
    package init(json slice: BytesSlice) throws(JSONError) {
        var reader = JSONReader(slice.buffer.bindMemory(to: UInt8.self))
        defer { withExtendedLifetime(slice.bytes) {} }
        self = try reader.readDocument()
    }
}

extension JSONDocument {
    /// Reads a whole JSON text and notes its duplicate members.
    package init(json bytes: [UInt8]) throws(JSONError) {
        let result: Result<JSONDocument, JSONError> = bytes.withUnsafeBufferPointer { buffer in
            var reader = JSONReader(buffer)
            do throws(JSONError) {
                let value = try reader.readDocument()
                return .success(JSONDocument(value: value, duplicates: reader.duplicates))
            } catch {
                return .failure(error)
            }
        }
        self = try result.get()
    }
}

/// A recursive-descent reader over borrowed bytes.
struct JSONReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    /// Where a member, with the comma before it, is to be left out.
    private let hole: Range<Int>?
    private var position = 0
    private var depth = 0
    private var path: [PathStep] = []
    private(set) var duplicates: [String] = []

    private enum PathStep {
        case member(String)
        case element(Int)
    }

    init(_ bytes: UnsafeBufferPointer<UInt8>, leavingOut hole: Range<Int>? = nil) {
        self.bytes = bytes
        self.hole = hole
    }

    mutating func readDocument() throws(JSONError) -> JSONValue {
        let value = try readValue()
        skipSpace()
        if position < bytes.count { throw unexpected("after top-level value") }
        return value
    }

    private mutating func readValue() throws(JSONError) -> JSONValue {
        skipSpace()
        guard position < bytes.count else { throw endOfInput() }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try readObject()
        case UInt8(ascii: "["): return try readArray()
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try readNumber()
        case UInt8(ascii: "t"): return try readLiteral("true", .bool(true))
        case UInt8(ascii: "f"): return try readLiteral("false", .bool(false))
        case UInt8(ascii: "n"): return try readLiteral("null", .null)
        default: throw unexpected("looking for beginning of value")
        }
    }

    private mutating func enter() throws(JSONError) {
        depth += 1
        position += 1
        if depth > JSONLimits.maximumDepth { throw JSONError(message: "exceeded max depth", offset: position) }
    }

    private mutating func readObject() throws(JSONError) -> JSONValue {
        try enter()
        var members: JSONObject = [:]
        skipSpace()
        if position < bytes.count, bytes[position] == UInt8(ascii: "}") {
            position += 1
            depth -= 1
            return .object(members)
        }
        while true {
            skipSpace()
            guard position < bytes.count else { throw endOfInput() }
            guard bytes[position] == UInt8(ascii: "\"") else {
                throw unexpected("looking for beginning of object key string")
            }
            let key = try readString()
            try expect(UInt8(ascii: ":"), "after object key")
            path.append(.member(key))
            let value = try readValue()
            if members.updateValue(value, forKey: key) != nil { duplicates.append(pathText) }
            path.removeLast()
            if try closes(UInt8(ascii: "}"), "after object key:value pair") { return .object(members) }
        }
    }

    private mutating func readArray() throws(JSONError) -> JSONValue {
        try enter()
        var elements: [JSONValue] = []
        skipSpace()
        if position < bytes.count, bytes[position] == UInt8(ascii: "]") {
            position += 1
            depth -= 1
            return .array(elements)
        }
        while true {
            path.append(.element(elements.count))
            elements.append(try readValue())
            path.removeLast()
            if try closes(UInt8(ascii: "]"), "after array element") { return .array(elements) }
        }
    }

    /// Reads `,` (false) or the closing byte (true).
    private mutating func closes(_ close: UInt8, _ context: String) throws(JSONError) -> Bool {
        if let hole, position == hole.lowerBound { position = hole.upperBound }
        skipSpace()
        guard position < bytes.count else { throw endOfInput() }
        let byte = bytes[position]
        guard byte == close || byte == UInt8(ascii: ",") else { throw unexpected(context) }
        position += 1
        if byte == close { depth -= 1 }
        return byte == close
    }

    private mutating func expect(_ byte: UInt8, _ context: String) throws(JSONError) {
        skipSpace()
        guard position < bytes.count else { throw endOfInput() }
        guard bytes[position] == byte else { throw unexpected(context) }
        position += 1
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private mutating func readLiteral(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let start = position
        for index in 0..<word.utf8CodeUnitCount {
            guard start + index < bytes.count else { throw endOfInput() }
            position = start + index
            let wanted = word.utf8Start[index]
            if bytes[position] != wanted {
                throw unexpected("in literal \(word) (expecting \(Self.quote(wanted)))")
            }
        }
        position += 1
        return value
    }
}

// MARK: Numbers

extension JSONReader {
    private mutating func readNumber() throws(JSONError) -> JSONValue {
        let start = position
        var isInteger = true
        if bytes[position] == UInt8(ascii: "-") {
            position += 1
            guard position < bytes.count else { throw endOfInput() }
            guard bytes[position].isDigit else { throw unexpected("in numeric literal") }
        }
        if bytes[position] == UInt8(ascii: "0") { position += 1 } else { skipDigits() }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            try requireDigits("after decimal point in numeric literal")
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            try requireDigits("in exponent of numeric literal")
        }
        let digits = UnsafeBufferPointer(rebasing: bytes[start..<position])
        if isInteger, let value = Self.integer(digits) { return .integer(value) }
        return .number(JSONNumber(text: String(decoding: digits, as: UTF8.self)))
    }

    private static func integer(_ digits: UnsafeBufferPointer<UInt8>) -> Int64? {
        let negative = digits.first == UInt8(ascii: "-")
        // "-0" is not the integer 0: it must be written back as it was read.
        if negative, digits.count == 2, digits[1] == UInt8(ascii: "0") { return nil }
        var value: Int64 = 0
        for byte in digits.dropFirst(negative ? 1 : 0) {
            let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
            let digit = Int64(byte - UInt8(ascii: "0"))
            let (sum, carry) =
                negative ? scaled.subtractingReportingOverflow(digit) : scaled.addingReportingOverflow(digit)
            if overflow || carry { return nil }
            value = sum
        }
        return value
    }

    private mutating func skipDigits() {
        while position < bytes.count, bytes[position].isDigit { position += 1 }
    }

    private mutating func requireDigits(_ context: String) throws(JSONError) {
        guard position < bytes.count else { throw endOfInput() }
        guard bytes[position].isDigit else { throw unexpected(context) }
        skipDigits()
    }
}

// MARK: Strings

extension JSONReader {
    private mutating func readString() throws(JSONError) -> String {
        position += 1
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
                position += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try readEscapedString(from: start) }
            if byte < 0x20 { throw unexpected("in string literal") }
            position += 1
        }
        throw endOfInput()
    }

    private mutating func readEscapedString(from start: Int) throws(JSONError) -> String {
        var units = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: units, as: UTF8.self)
            case UInt8(ascii: "\\"): try readEscape(into: &units)
            case 0..<0x20:
                position -= 1
                throw unexpected("in string literal")
            default: units.append(byte)
            }
        }
        throw endOfInput()
    }

    private mutating func readEscape(into units: inout [UInt8]) throws(JSONError) {
        guard position < bytes.count else { throw endOfInput() }
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(byte)
        case UInt8(ascii: "b"): units.append(0x08)
        case UInt8(ascii: "f"): units.append(0x0C)
        case UInt8(ascii: "n"): units.append(0x0A)
        case UInt8(ascii: "r"): units.append(0x0D)
        case UInt8(ascii: "t"): units.append(0x09)
        case UInt8(ascii: "u"):
            position += 1
            try readUnicodeEscape(into: &units)
            return
        default: throw unexpected("in string escape code")
        }
        position += 1
    }

    /// Reads the four digits behind `\u` and, where a surrogate needs it, the escape that follows. A surrogate without
    /// its partner becomes U+FFFD.
    private mutating func readUnicodeEscape(into units: inout [UInt8]) throws(JSONError) {
        let first = try readHexadecimal()
        var scalar = Unicode.Scalar(UInt32(first))
        if UTF16.isLeadSurrogate(first), position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        {
            let rewind = position
            position += 2
            let second = try readHexadecimal()
            if UTF16.isTrailSurrogate(second) {
                scalar = Unicode.Scalar(0x10000 + ((UInt32(first) & 0x3FF) << 10 | UInt32(second) & 0x3FF))
            } else {
                position = rewind
            }
        }
        units.append(contentsOf: String(Character(scalar ?? "\u{FFFD}")).utf8)
    }

    private mutating func readHexadecimal() throws(JSONError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard position < bytes.count else { throw endOfInput() }
            guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue, bytes[position] < 0x80 else {
                throw unexpected("in \\u hexadecimal character escape")
            }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }
}

// MARK: Errors

extension JSONReader {
    private var pathText: String {
        var text = ""
        for step in path {
            switch step {
            case .member(let name): text += text.isEmpty ? name : ".\(name)"
            case .element(let index): text += "[\(index)]"
            }
        }
        return text
    }

    private func endOfInput() -> JSONError {
        JSONError(message: "unexpected end of JSON input", offset: bytes.count)
    }

    private func unexpected(_ context: String) -> JSONError {
        JSONError(message: "invalid character \(Self.quote(bytes[position])) \(context)", offset: position)
    }

    private static func quote(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "'"): return #"'\''"#
        case UInt8(ascii: "\\"): return #"'\\'"#
        case 0x07: return #"'\a'"#
        case 0x08: return #"'\b'"#
        case 0x0C: return #"'\f'"#
        case 0x0A: return #"'\n'"#
        case 0x0D: return #"'\r'"#
        case 0x09: return #"'\t'"#
        case 0x0B: return #"'\v'"#
        case 0..<0x20, 0x7F: return "'\\x\(hexadecimal(byte))'"
        case 0x80..<0xA1, 0xAD: return "'\\u00\(hexadecimal(byte))'"
        default: return "'\(Character(Unicode.Scalar(byte)))'"
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let text = String(byte, radix: 16)
        return text.count == 1 ? "0" + text : text
    }
}
