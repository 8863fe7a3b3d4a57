// SPDX-License-Identifier: Apache-2.0
// Terminals: what comes of typing.

import Testing

@testable import PodiumRuntime

@Suite struct TerminalTests {
    /// What is shown of typing, with what is read between brackets.
    private func shown(_ typed: String, echoes: Bool = true) -> String {
        var terminal = Terminal()
        terminal.echoes = echoes
        let bytes = terminal.type(Array(typed.utf8)).flatMap { effect -> [UInt8] in
            switch effect {
            case .echo(let bytes): bytes
            case .input(let bytes): Array("[".utf8) + bytes + Array("]".utf8)
            case .end: Array("<end>".utf8)
            case .signal(let signal): Array("<\(signal.name)>".utf8)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: [
        ("ab\r", "ab\n[ab\n]"), ("ab\n", "ab\n[ab\n]"), ("ab\u{7F}c\r", "ab\u{8} \u{8}c\n[ac\n]"),
        ("\u{7F}\u{8}a\r", "a\n[a\n]"), ("wör\u{7F}\u{7F}\r", "wör\u{8} \u{8}\u{8} \u{8}\n[w\n]"),
        ("ab\u{15}c\r", "ab\u{8} \u{8}\u{8} \u{8}c\n[c\n]"),
        ("a bc \u{17}d\r", "a bc \u{8} \u{8}\u{8} \u{8}\u{8} \u{8}d\n[a d\n]"),
        ("\u{4}", "<end>"), ("ab\u{4}", "ab[ab]"), ("ab\u{3}c\r", "ab^C<INT>c\n[c\n]"), ("\u{1C}", "^\\<QUIT>"),
        ("\u{1}\u{7F}\r", "^A\u{8} \u{8}\u{8} \u{8}\n[\n]"), ("a\tb\r", "a\tb\n[a\tb\n]"),
    ])
    func whatIsTypedCanBeEdited(typed: String, expected: String) { #expect(shown(typed) == expected) }

    @Test func whatIsTypedCanBeHidden() { #expect(shown("secret\r", echoes: false) == "[secret\n]") }

    @Test func aLineHasALimit() {
        #expect(shown(String(repeating: "x", count: 10_000) + "\r", echoes: false).utf8.count == 4096 + 3)
    }

    @Test func newlinesGoBackToTheBeginning() {
        #expect(Terminal.shown(Array("a\nb\n".utf8)) == Array("a\r\nb\r\n".utf8))
        #expect(Terminal.shown([0x61]) == [0x61])
    }
}
