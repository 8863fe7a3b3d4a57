// SPDX-License-Identifier: Apache-2.0
// A terminal between somebody who types and the programs that read: lines, editing, echo, signals.

import PodiumMachinery

/// How large a terminal is, in characters.
package struct TerminalSize: Hashable, Sendable {
    package var columns: Int
    package var rows: Int

    package init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }
}

/// A terminal in the mode in which shells leave it: what is typed is shown and can be edited until its line ends.
// Linux: drivers/tty/n_tty.c
package struct Terminal: Sendable {
    /// What comes of typing.
    enum Effect: Equatable {
        /// Shown to whoever types, as what programs write is.
        case echo([UInt8])
        /// Given to whoever reads.
        case input([UInt8])
        /// Whoever reads finds the end, once.
        case end
        case signal(Signal)
    }

    /// The longest line; what is typed beyond it is lost.
    private static let maximumLine = 4096

    private enum Key {
        static let interrupt: UInt8 = 0x03
        static let end: UInt8 = 0x04
        static let backspace: UInt8 = 0x08
        static let kill: UInt8 = 0x15
        static let eraseWord: UInt8 = 0x17
        static let quit: UInt8 = 0x1C
        static let delete: UInt8 = 0x7F
    }

    /// nil until somebody has said it.
    package var size: TerminalSize?
    /// Whether what is typed is shown.
    package var echoes = true
    private var line: [UInt8] = []

    package init() {}

    mutating func type(_ bytes: [UInt8]) -> [Effect] {
        var effects: [Effect] = []
        for byte in bytes { type(byte, &effects) }
        return effects
    }

    private mutating func type(_ byte: UInt8, _ effects: inout [Effect]) {
        switch byte {
        case Key.interrupt, Key.quit:
            line = []
            show(Self.visible(byte), &effects)
            effects.append(.signal(byte == Key.interrupt ? .interrupt : .quit))
        case Key.end:
            effects.append(line.isEmpty ? .end : .input(line))
            line = []
        case Key.backspace, Key.delete: erase(1, &effects)
        case Key.kill: erase(characters.count, &effects)
        case Key.eraseWord: erase(lengthOfLastWord, &effects)
        // A terminal hands on return as newline.
        case 0x0A, 0x0D:
            show([0x0A], &effects)
            effects.append(.input(line + [0x0A]))
            line = []
        default:
            guard line.count < Self.maximumLine else { return }
            line.append(byte)
            show(byte < 0x20 && byte != 0x09 ? Self.visible(byte) : [byte], &effects)
        }
    }

    private func show(_ bytes: [UInt8], _ effects: inout [Effect]) {
        if echoes { effects.append(.echo(bytes)) }
    }

    /// `^C` for 3.
    private static func visible(_ byte: UInt8) -> [UInt8] { [UInt8(ascii: "^"), byte ^ 0x40] }

    /// The line in the characters that can be erased, each with its bytes.
    private var characters: [ArraySlice<UInt8>] {
        var characters: [ArraySlice<UInt8>] = []
        var start = 0
        for index in line.indices.dropFirst() where line[index] & 0xC0 != 0x80 {
            characters.append(line[start..<index])
            start = index
        }
        return line.isEmpty ? [] : characters + [line[start...]]
    }

    private var lengthOfLastWord: Int {
        let blank = UInt8(ascii: " ")
        let reversed = characters.reversed().map { $0.first ?? blank }
        let blanks = reversed.prefix { $0 == blank }.count
        return blanks + reversed.dropFirst(blanks).prefix { $0 != blank }.count
    }

    private mutating func erase(_ count: Int, _ effects: inout [Effect]) {
        for character in characters.suffix(count).reversed() {
            line.removeLast(character.count)
            let width = (character.first ?? 0) < 0x20 ? 2 : 1
            for _ in 0..<width { show([0x08, 0x20, 0x08], &effects) }
        }
    }

    /// What programs write, as it is shown: a newline goes back to the beginning, too.
    static func shown(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(0x0A) else { return bytes }
        var shown: [UInt8] = []
        shown.reserveCapacity(bytes.count + 16)
        for byte in bytes {
            if byte == 0x0A { shown.append(0x0D) }
            shown.append(byte)
        }
        return shown
    }
}
