// SPDX-License-Identifier: Apache-2.0
// Comma-separated values as Go's encoding/csv reads them.

/// Reads records of comma-separated fields.
///
/// A field may stand in double quotes, where commas and line breaks are text and `""` is a quote. Empty lines are
/// skipped, and spaces are text.
struct CSVReader {
    /// One record and the line that it begins on, counted from 1.
    struct Record: Equatable {
        let line: Int
        let fields: [String]
    }

    private var rest: Substring.UTF8View
    private var line = 1

    init(_ text: String) {
        // A carriage return in front of a line feed belongs to the end of the line.
        rest = Substring(text.replacing("\r\n", with: "\n")).utf8
    }

    /// The next record; nil at the end.
    /// - Throws: ``TokenFileError`` for quotes where none may be.
    mutating func next() throws(TokenFileError) -> Record? {
        while rest.first == UInt8(ascii: "\n") {
            rest.removeFirst()
            line += 1
        }
        guard !rest.isEmpty else { return nil }
        let start = line
        var fields = [try field()]
        while let unit = rest.popFirst() {
            if unit == UInt8(ascii: "\n") {
                line += 1
                break
            }
            fields.append(try field())
        }
        return Record(line: start, fields: fields)
    }

    /// Reads up to the comma or line feed behind a field.
    private mutating func field() throws(TokenFileError) -> String {
        if rest.first == UInt8(ascii: "\"") { return try quotedField() }
        let text = rest.prefix { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "\n") }
        if text.contains(UInt8(ascii: "\"")) {
            throw TokenFileError(line: line, problem: "bare \" in non-quoted field")
        }
        rest = rest[text.endIndex...]
        return String(Substring(text))
    }

    private mutating func quotedField() throws(TokenFileError) -> String {
        let start = line
        rest.removeFirst()
        var text = ""
        while true {
            let piece = rest.prefix { $0 != UInt8(ascii: "\"") }
            text += String(Substring(piece))
            line += piece.count { $0 == UInt8(ascii: "\n") }
            rest = rest[piece.endIndex...]
            guard rest.popFirst() != nil else {
                throw TokenFileError(line: start, problem: "a quoted field does not end")
            }
            switch rest.first {
            case UInt8(ascii: "\""):
                rest.removeFirst()
                text += "\""
            case nil, UInt8(ascii: ","), UInt8(ascii: "\n"): return text
            default: throw TokenFileError(line: line, problem: "extraneous or missing \" in quoted-field")
            }
        }
    }
}
