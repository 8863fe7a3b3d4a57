// SPDX-License-Identifier: Apache-2.0
// Reads Swift source just well enough to judge its style: comments and strings blanked, bodies measured.

/// A Swift file with its comments and the contents of its strings replaced by spaces.
struct ScannedSource {
    /// The lines with comments and strings blanked.
    let code: [String]
    /// The lines as written.
    let lines: [String]

    init(_ text: String) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        code = Self.blank(Array(text.unicodeScalars)).split(separator: "\n", omittingEmptySubsequences: false).map(
            String.init
        )
    }

    private enum Mode {
        case code
        case lineComment
        case blockComment(depth: Int)
        case string(hashes: Int, isMultiline: Bool)
    }

    private static func blank(_ text: [Unicode.Scalar]) -> String {
        var result = String.UnicodeScalarView()
        var mode = Mode.code
        /// Parentheses open in string interpolations, innermost last.
        var interpolations: [(depth: Int, outer: Mode)] = []
        var index = 0
        func matches(_ word: String, at position: Int) -> Bool {
            let scalars = Array(word.unicodeScalars)
            return position + scalars.count <= text.count && Array(text[position..<position + scalars.count]) == scalars
        }
        func emit(_ count: Int, blank: Bool) {
            for _ in 0..<count where index < text.count {
                result.append(blank && text[index] != "\n" ? " " : text[index])
                index += 1
            }
        }
        while index < text.count {
            switch mode {
            case .code:
                if matches("//", at: index) {
                    mode = .lineComment
                } else if matches("/*", at: index) {
                    mode = .blockComment(depth: 1)
                    emit(2, blank: true)
                } else if text[index] == "#" || text[index] == "\"" {
                    var hashes = 0
                    while index + hashes < text.count, text[index + hashes] == "#" { hashes += 1 }
                    if index + hashes < text.count, text[index + hashes] == "\"" {
                        let isMultiline = matches("\"\"\"", at: index + hashes)
                        emit(hashes + (isMultiline ? 3 : 1), blank: true)
                        mode = .string(hashes: hashes, isMultiline: isMultiline)
                    } else {
                        emit(max(1, hashes), blank: false)
                    }
                } else {
                    if let last = interpolations.last {
                        if text[index] == "(" { interpolations[interpolations.count - 1].depth += 1 }
                        if text[index] == ")" {
                            if last.depth == 0 {
                                mode = last.outer
                                interpolations.removeLast()
                            } else {
                                interpolations[interpolations.count - 1].depth -= 1
                            }
                        }
                    }
                    emit(1, blank: false)
                }
            case .lineComment:
                if text[index] == "\n" { mode = .code }
                emit(1, blank: true)
            case .blockComment(let depth):
                if matches("*/", at: index) {
                    emit(2, blank: true)
                    mode = depth == 1 ? .code : .blockComment(depth: depth - 1)
                } else if matches("/*", at: index) {
                    emit(2, blank: true)
                    mode = .blockComment(depth: depth + 1)
                } else {
                    emit(1, blank: true)
                }
            case .string(let hashes, let isMultiline):
                let pounds = String(repeating: "#", count: hashes)
                if matches("\\\(pounds)(", at: index) {
                    emit(2 + hashes, blank: true)
                    interpolations.append((0, mode))
                    mode = .code
                } else if matches("\\\(pounds)", at: index) {
                    emit(2 + hashes, blank: true)
                } else if matches((isMultiline ? "\"\"\"" : "\"") + pounds, at: index) {
                    emit((isMultiline ? 3 : 1) + hashes, blank: true)
                    mode = .code
                } else {
                    emit(1, blank: true)
                }
            }
        }
        return String(result)
    }

    /// A function and how many lines it has, its signature included.
    struct Function: Equatable {
        let line: Int
        let length: Int
    }

    /// The functions, initialisers and subscripts with a body, in the order of their first lines.
    var functions: [Function] {
        var found: [Function] = []
        var open: [(startLine: Int, depth: Int)] = []
        var pending: Int?
        var depth = 0
        for (number, line) in code.enumerated() {
            if Self.beginsFunction(line) { pending = number }
            for character in line {
                if character == "{" {
                    if let start = pending {
                        open.append((start, depth))
                        pending = nil
                    }
                    depth += 1
                } else if character == "}" {
                    depth -= 1
                    if let last = open.last, last.depth == depth {
                        found.append(Function(line: last.startLine + 1, length: number - last.startLine + 1))
                        open.removeLast()
                    }
                }
            }
        }
        return found.sorted { $0.line < $1.line }
    }

    /// What stands in the functions of that name, behind their names.
    func bodies(of name: String) -> [Substring] {
        functions.compactMap { function in
            let text = code[function.line - 1..<function.line - 1 + function.length].joined(separator: "\n")
            let mark = name == "init" ? "init(" : "func \(name)("
            guard let range = text.firstRange(of: mark), !text[..<range.lowerBound].contains("{") else { return nil }
            return text[range.upperBound...]
        }
    }

    private static func beginsFunction(_ line: String) -> Bool {
        let words = line.split { !$0.isLetter && $0 != "_" && $0 != "?" && $0 != "(" && $0 != "`" }
        return words.contains { word in
            word == "func" || word.hasPrefix("init(") || word.hasPrefix("init?(") || word == "subscript"
                || word.hasPrefix("subscript(")
        } && !line.contains(".init(") && !line.contains("self.init")
    }
}
