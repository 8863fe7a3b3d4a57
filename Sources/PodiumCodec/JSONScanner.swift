// SPDX-License-Identifier: Apache-2.0
// The parts of JSON text as text, without a tree: for who passes most of them on.

import Glibc

extension BytesSlice {
    /// Calls `body` with each element of an array. Like all of this extension, it takes the text for the compact and
    /// well-formed one that ``JSONWriter`` writes; of any other text the parts are wrong, but inside of it.
    package func forEachJSONElement<Failure>(
        _ body: (BytesSlice) throws(Failure) -> Void
    ) throws(Failure) {
        var scanner = JSONScanner(self)
        guard scanner.enter(UInt8(ascii: "[")) else { return }
        while let element = scanner.next() {
            try body(part(element))
            scanner.pass(UInt8(ascii: ","))
        }
    }

    /// Calls `body` with each member of an object: its name, as it stands between its quotes, and its value.
    package func forEachJSONMember<Failure>(
        _ body: (_ name: UnsafeRawBufferPointer, _ value: BytesSlice) throws(Failure) -> Void
    ) throws(Failure) {
        var scanner = JSONScanner(self)
        guard scanner.enter(UInt8(ascii: "{")) else { return }
        while let name = scanner.next(), name.count >= 2 {
            scanner.pass(UInt8(ascii: ":"))
            guard let value = scanner.next() else { return }
            let text = part(name).buffer
            try body(UnsafeRawBufferPointer(rebasing: text[1..<text.count - 1]), part(value))
            scanner.pass(UInt8(ascii: ","))
        }
    }

    /// The text that a JSON string stands for; nil when this is none.
    package var jsonString: String? {
        let text = buffer
        guard text.count >= 2, text.first == UInt8(ascii: "\"") else { return nil }
        let content = text[1..<text.count - 1]
        if !content.contains(UInt8(ascii: "\\")) {
            return String(decoding: UnsafeRawBufferPointer(rebasing: content), as: UTF8.self)
        }
        do throws(JSONError) { return try JSONValue(json: self).string } catch { return nil }
    }

    /// The part of this slice at `range`, which counts from its beginning.
    private func part(_ range: Range<Int>) -> BytesSlice {
        let start = self.range.lowerBound
        return BytesSlice(bytes: bytes, range: start + range.lowerBound..<start + range.upperBound)
    }
}

/// Steps over the values in a JSON text.
private struct JSONScanner {
    private let text: UnsafeRawBufferPointer
    private var position = 0

    /// The slice must outlive the scanner.
    init(_ slice: BytesSlice) { text = slice.buffer }

    /// Steps over `byte`, with which the text must begin.
    mutating func enter(_ byte: UInt8) -> Bool {
        guard text.first == byte else { return false }
        position = 1
        return true
    }

    /// Steps over `byte` where it is next.
    mutating func pass(_ byte: UInt8) {
        if position < text.count, text[position] == byte { position += 1 }
    }

    /// Steps over the next value; nil where there is none.
    mutating func next() -> Range<Int>? {
        let start = position
        var depth = 0
        while position < text.count {
            switch text[position] {
            case UInt8(ascii: "\""): skipString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return position > start ? start..<position : nil }
                depth -= 1
                position += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                if depth == 0 { return start..<position }
                position += 1
                continue
            default:
                position += 1
                continue
            }
            if depth == 0 { return start..<position }
        }
        return position > start ? start..<position : nil
    }

    private mutating func skipString() {
        position += 1
        while position < text.count {
            let byte = text[position]
            position += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { break }
        }
        position = min(position, text.count)
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these bytes are those of `text`.
    package func spells(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount, let baseAddress else { return false }
        return memcmp(baseAddress, text.utf8Start, count) == 0
    }
}
