// SPDX-License-Identifier: Apache-2.0
// The commands of a sed script.

import PodiumRuntime

/// Which lines a command is for.
enum SedAddress: Sendable {
    case line(Int)
    case last
    case pattern(RegularExpression)
    /// The empty pattern, which stands for the one used last.
    case lastPattern
    /// `first~step`.
    case every(first: Int, step: Int)
    /// `+n` after the first address.
    case following(Int)
    /// `~n` after the first address: up to the next line whose number is a multiple.
    case multiple(Int)
}

/// `s/…/…/`.
struct SedSubstitution: Sendable {
    /// Nil for the pattern used last.
    var pattern: RegularExpression?
    var replacement: [SedReplacementPart]
    var isGlobal = false
    var prints = false
    /// Whether the result is a command, whose output takes its place.
    var executes = false
    /// The match that is replaced first.
    var occurrence = 1
    var file: String?
}

/// A piece of what a match is replaced by.
enum SedReplacementPart: Sendable {
    case text([UInt8])
    case group(Int)
    case caseChange(SedCase)
}

/// How the text that follows is written: `\U`, `\L`, `\u`, `\l`, `\E`.
enum SedCase: Sendable {
    case upper, lower, upperNext, lowerNext, none
}

/// What a command does.
enum SedAction: Sendable {
    /// `{`, with the index behind its `}`.
    case begin(end: Int)
    case nothing
    case substitute(SedSubstitution)
    /// What each byte becomes.
    case transliterate([UInt8])
    case append([UInt8])
    case insert([UInt8])
    case change([UInt8])
    case readFile(String)
    /// `R`: the next line of a file.
    case readLine(String)
    case writeFile(String)
    /// `W`: the first line of the pattern space.
    case writeFirstLine(String)
    case branch(String)
    case branchIfReplaced(String)
    case branchUnlessReplaced(String)
    case quit(Int, prints: Bool)
    /// `l`, with the length of its lines.
    case list(Int?)
    /// `e`; without a command it is the pattern space that is executed.
    case execute(String?)
    /// One of `p P d D n N g G h H x = z F`.
    case simple(UInt8)
}

/// A command with its addresses.
struct SedCommand: Sendable {
    var from: SedAddress?
    var to: SedAddress?
    var isNegated = false
    var action: SedAction

    /// Whether its range is there before the first line, as with `0,/…/`.
    var beginsActive: Bool {
        guard case .line(0)? = from, let to else { return false }
        switch to {
        case .pattern, .lastPattern: return true
        default: return false
        }
    }
}

/// Why a script cannot be used, or cannot go on.
struct SedFault: Error {
    var text: String
    var code = 1
}

/// A script as a flat list of commands.
struct SedScript: Sendable {
    var commands: [SedCommand] = []
    /// Places of labels.
    var labels: [String: Int] = [:]
    /// What the patterns take of memory.
    var patternBytes = 0
    /// Whether it begins with `#n`, which is the same as the option.
    var isQuiet = false
    /// The pattern that an empty one stands for until another one is used.
    var lastPattern: RegularExpression?
    /// What is said when an empty pattern comes first.
    var missingPattern = ""

    /// The files that are written to, in the order of the script.
    var writtenFiles: [String] {
        commands.compactMap { command in
            switch command.action {
            case .writeFile(let path), .writeFirstLine(let path): path
            case .substitute(let substitution): substitution.file
            default: nil
            }
        }
    }

    /// Whether some address asks for the last line.
    var asksForLast: Bool {
        commands.contains { command in
            if case .last? = command.from { return true }
            if case .last? = command.to { return true }
            return false
        }
    }

    /// The labels that are jumped to.
    var wantedLabels: [String] {
        commands.compactMap { command in
            switch command.action {
            case .branch(let label), .branchIfReplaced(let label), .branchUnlessReplaced(let label):
                label.isEmpty ? nil : label
            default: nil
            }
        }
    }
}
