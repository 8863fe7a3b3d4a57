// SPDX-License-Identifier: Apache-2.0
// The modes of files as `chmod`, `mkdir -m` and `find -perm` write them.

import PodiumRuntime

/// A change of a mode: `755`, `u+rwx,go-w`, `a=rX`, `g=u`, `+t`.
struct ModeChange: Sendable {
    private struct Clause: Sendable {
        /// The bits that it is about.
        var mask: Int
        /// Whether nobody was named, so that the process's mask holds.
        var isUnnamed: Bool
        var operation: Character
        var bits = 0
        /// Whether directories and what can be run get the right to be run.
        var runsIfRun = false
        /// Whose rights are copied, as the place of the bits.
        var copied: Int?
    }

    private var clauses: [Clause] = []
    private var number: Int?

    /// Reads a mode; nil when it is none.
    init?(_ text: String) {
        if text.first?.isNumber == true {
            guard let value = Int(text, radix: 8), value <= 0o7777 else { return nil }
            number = value
            return
        }
        guard !text.isEmpty else { return nil }
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard read(Array(part)[...]) else { return nil }
        }
    }

    private mutating func read(_ part: ArraySlice<Character>) -> Bool {
        var rest = part
        var mask = 0
        while let letter = rest.first, let bits = ["u": 0o4700, "g": 0o2070, "o": 0o1007, "a": 0o7777][letter] {
            mask |= bits
            rest = rest.dropFirst()
        }
        guard !rest.isEmpty else { return false }
        while let operation = rest.popFirst() {
            guard "+-=".contains(operation) else { return false }
            var clause = Clause(mask: mask == 0 ? 0o7777 : mask, isUnnamed: mask == 0, operation: operation)
            if let letter = rest.first, let shift = ["u": 6, "g": 3, "o": 0][letter] {
                clause.copied = shift
                rest = rest.dropFirst()
            } else {
                while let letter = rest.first, !"+-=".contains(letter) {
                    guard Self.add(letter, to: &clause) else { return false }
                    rest = rest.dropFirst()
                }
            }
            clauses.append(clause)
        }
        return true
    }

    private static func add(_ letter: Character, to clause: inout Clause) -> Bool {
        switch letter {
        case "r": clause.bits |= 0o444
        case "w": clause.bits |= 0o222
        case "x": clause.bits |= 0o111
        case "X": clause.runsIfRun = true
        case "s": clause.bits |= 0o6000
        case "t": clause.bits |= 0o1000
        default: return false
        }
        return true
    }

    /// The mode after the change.
    func applied(to old: Int, isDirectory: Bool, mask: Int) -> Int {
        if let number { return number }
        var mode = old
        for clause in clauses {
            var bits = clause.bits
            if clause.runsIfRun, isDirectory || mode & 0o111 != 0 { bits |= 0o111 }
            if let shift = clause.copied {
                let rights = mode >> shift & 7
                bits = rights << 6 | rights << 3 | rights
            }
            bits &= clause.mask
            if clause.isUnnamed { bits &= ~mask }
            switch clause.operation {
            case "+": mode |= bits
            case "-": mode &= ~bits
            default:
                // The sticky bit and its kin stay with a directory unless they are named.
                let kept = clause.isUnnamed || clause.mask == 0o7777 ? 0o7777 : clause.mask
                mode = mode & ~kept | bits
            }
        }
        return mode
    }
}
