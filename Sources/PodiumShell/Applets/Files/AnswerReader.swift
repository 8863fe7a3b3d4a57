// SPDX-License-Identifier: Apache-2.0
// What a program that asks before it overwrites or removes something is told.

import PodiumRuntime

/// The answers on standard input.
enum Answer: Sendable {
    case yes, no
    case wait(Wait)
}

extension Machine {
    /// Reads a line that answers a question. Only what begins with a `y` is a yes.
    mutating func readAnswer() -> Answer {
        switch readPiece(0) {
        case .wait(let wait): return .wait(wait)
        case .bytes(let bytes):
            let letter = bytes.first { $0 != 0x20 && $0 != 0x09 }
            return letter == UInt8(ascii: "y") || letter == UInt8(ascii: "Y") ? .yes : .no
        case .end, .failed: return .no
        }
    }
}
