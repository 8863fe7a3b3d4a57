// SPDX-License-Identifier: Apache-2.0
// What find says of files: -printf and -ls.

import PodiumMachinery
import PodiumRuntime

/// A file that `find` has come to.
struct FoundFile {
    let path: String
    let node: FileNode
    let depth: Int
    /// The path on the command line below which it was found.
    let start: String
}

/// The format behind `-printf`.
// findutils: find/print.c
struct FindFormat: Sendable {
    /// Blanks that are put before a value; wider ones are no wider.
    private static let maximumWidth = 4096

    private enum Piece: Sendable {
        case text([UInt8])
        case value(Character, isLeft: Bool, width: Int)
        /// `%TY` and its kin: a part of a time.
        case time(Character)
        /// What GNU's warn of, and show as it is.
        case unknown(Character)
    }

    private var pieces: [Piece] = []

    /// Reads a format.
    init(_ text: String) {
        var rest = Array(text)[...]
        var plain = ""
        func flush(_ pieces: inout [Piece]) {
            if !plain.isEmpty { pieces.append(.text(Array(plain.utf8))) }
            plain = ""
        }
        while let letter = rest.popFirst() {
            if letter == "\\" {
                let escapes: [Character: Character] = [
                    "n": "\n", "t": "\t", "0": "\0", "\\": "\\", "r": "\r", "a": "\u{7}", "b": "\u{8}", "f": "\u{C}",
                    "v": "\u{B}",
                ]
                guard let next = rest.popFirst() else { break }
                if next == "c" { break }
                plain += escapes[next].map { String($0) } ?? "\\\(next)"
            } else if letter == "%" {
                let flags = rest.prefix { "-0+ #123456789.".contains($0) }
                rest = rest.dropFirst(flags.count)
                guard let directive = rest.popFirst() else { break }
                flush(&pieces)
                let width = min(Int(String(flags.filter(\.isNumber))) ?? 0, Self.maximumWidth)
                switch directive {
                case "%": pieces.append(.text([UInt8(ascii: "%")]))
                case "T", "A", "C", "B":
                    if let part = rest.popFirst() { pieces.append(.time(part)) }
                case _ where "pfhPHsmMuUgGdnilyYtackbDFS".contains(directive):
                    pieces.append(.value(directive, isLeft: flags.contains("-"), width: width))
                default: pieces.append(.unknown(directive))
                }
            } else {
                plain.append(letter)
            }
        }
        flush(&pieces)
    }

    /// The directives that there are none of.
    var unknown: [Character] {
        pieces.compactMap { piece in
            if case .unknown(let letter) = piece { letter } else { nil }
        }
    }

    /// The text for a file.
    func text(_ file: FoundFile, _ machine: Machine) -> [UInt8] {
        pieces.flatMap { piece -> [UInt8] in
            switch piece {
            case .text(let text): return text
            case .time(let part): return Array(Self.time(part, file.node.time).utf8)
            case .unknown(let letter): return Array("%\(letter)".utf8)
            case .value(let directive, let isLeft, let width):
                return Array(PrintFormatter.padded(value(directive, file, machine), width, left: isLeft).utf8)
            }
        }
    }

    private func value(_ directive: Character, _ file: FoundFile, _ machine: Machine) -> String {
        let (path, node) = (file.path, file.node)
        switch directive {
        case "p": return path
        case "f": return path.lastComponent
        case "h":
            guard let slash = path.withoutTrailingSlashes.lastIndex(of: "/") else { return "." }
            return String(path[..<slash])
        case "P": return String(path.dropFirst(file.start.count).drop { $0 == "/" })
        case "H": return file.start
        case "s": return String(node.size)
        case "m": return String(node.mode, radix: 8)
        case "M": return Applets.modeText(node)
        case "u": return machine.userName(node.owner)
        case "U": return String(node.owner)
        case "g": return machine.groupName(node.group)
        case "G": return String(node.group)
        case "d": return String(file.depth)
        case "n": return String(node.linkCount)
        case "i": return String(machine.inode(of: path))
        case "l": return node.kind == .link ? node.target : ""
        case "y": return Self.letter(node.kind)
        case "Y":
            return node.kind == .link ? machine.node(path).map { Self.letter($0.kind) } ?? "N" : Self.letter(node.kind)
        case "k": return String((node.blocks + 1) / 2)
        case "b": return String(node.blocks)
        case "D": return "65024"
        case "F": return "overlay"
        case "S": return "1"
        default:
            let time = CivilTime(node.time)
            return "\(time.formatted("%a %b %e %H:%M:%S")).\(Self.fraction(node.time)) \(time.formatted("%Y"))"
        }
    }

    private static func letter(_ kind: FileKind) -> String {
        switch kind {
        case .file: "f"
        case .directory: "d"
        case .link: "l"
        case .fifo: "p"
        case .device: "c"
        }
    }

    /// The digits behind the seconds, of which there is one more than is known.
    private static func fraction(_ time: Timestamp) -> String {
        PrintFormatter.zeros(Int((time.nanoseconds % 1_000_000_000 + 1_000_000_000) % 1_000_000_000), 9) + "0"
    }

    private static func time(_ part: Character, _ time: Timestamp) -> String {
        let civil = CivilTime(time)
        switch part {
        case "@": return "\(time.seconds).\(fraction(time))"
        case "+": return "\(civil.formatted("%Y-%m-%d+%H:%M:%S")).\(fraction(time))"
        case "S": return "\(civil.formatted("%S")).\(fraction(time))"
        case "T": return "\(civil.formatted("%H:%M:%S")).\(fraction(time))"
        default: return civil.formatted("%\(part)")
        }
    }

    /// The line of `-ls`.
    static func line(_ file: FoundFile, _ machine: Machine) -> String {
        let node = file.node
        func right(_ text: String, _ width: Int) -> String { PrintFormatter.padded(text, width, left: false) }
        func left(_ text: String, _ width: Int) -> String { PrintFormatter.padded(text, width, left: true) }
        let age = machine.now.seconds - node.time.seconds
        let isRecent = age < 15_768_000 && age > -3600
        let cells = [
            right(String(machine.inode(of: file.path)), 9), right(String((node.blocks + 1) / 2), 6),
            Applets.modeText(node), right(String(node.linkCount), 3), left(machine.userName(node.owner), 8),
            left(machine.groupName(node.group), 8), right(String(node.size), 8),
            CivilTime(node.time).formatted(isRecent ? "%b %e %H:%M" : "%b %e  %Y"), file.path,
        ]
        return cells.joined(separator: " ") + (node.kind == .link ? " -> \(node.target)\n" : "\n")
    }
}
