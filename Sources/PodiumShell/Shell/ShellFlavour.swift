// SPDX-License-Identifier: Apache-2.0
// Which shell a script is read by: what it takes, and how it words errors.

import PodiumRuntime

/// A family of shells.
enum ShellFlavour: Hashable, Sendable {
    /// busybox's ash, also in Alpine.
    case ash
    /// dash, the `sh` of Debian and Ubuntu.
    case dash
    case bash

    /// What is said of a command that does not exist.
    var notFound: String { self == .bash ? "command not found" : "not found" }

    /// What is said of `${…}` with an operation that the shell does not have.
    var badSubstitution: String {
        switch self {
        case .ash: "syntax error: bad substitution"
        case .dash: "Bad substitution"
        case .bash: "bad substitution"
        }
    }

    /// What is said of a variable that `${…:?}` asks for.
    var nullOrUnset: String { self == .bash ? "parameter null or not set" : "parameter not set or null" }

    /// `${name:1:2}` and `${name/a/b}`, `$'…'`, `[[ … ]]`, `function`, `&>`.
    var hasKornWords: Bool { self != .dash }
    /// Arrays, `((…))`, `<<<`, `|&`, `;&`, `${name^}`, `${!name}`, `name+=`.
    var hasArrays: Bool { self == .bash }

    /// Words that begin or join commands.
    var reservedWords: Set<String> {
        switch self {
        case .ash: Self.commonWords.union(["function"])
        case .dash: Self.commonWords
        case .bash: Self.commonWords.union(["function", "select"])
        }
    }

    private static let commonWords: Set<String> = [
        "if", "then", "else", "elif", "fi", "while", "until", "do", "done", "for", "in", "case", "esac", "{", "}", "!",
    ]

    /// Builtins after whose failure a POSIX shell ends, and before which assignments stay. bash goes on, and takes them
    /// back.
    var specialBuiltins: Set<String> { self == .bash ? [] : Self.posixSpecialBuiltins }

    private static let posixSpecialBuiltins: Set<String> = [
        ":", ".", "source", "break", "continue", "eval", "exec", "exit", "export", "local", "readonly", "return", "set",
        "shift", "times", "trap", "unset",
    ]

    /// Builtins of other shells, which are no programs either: this one does not find them, whatever the image has.
    var foreignBuiltins: Set<String> {
        switch self {
        case .ash: Self.bashBuiltins
        case .dash: Self.bashBuiltins.union(["[[", "let", "source", "select", "function"])
        case .bash: []
        }
    }

    private static let bashBuiltins: Set<String> = [
        "builtin", "caller", "compgen", "complete", "declare", "dirs", "disown", "enable", "help", "history", "logout",
        "mapfile", "popd", "pushd", "readarray", "shopt", "suspend", "typeset", "coproc",
    ]
}

extension ImageSystem {
    /// The dialect of its `sh`.
    var flavour: ShellFlavour {
        switch self {
        case .busybox, .alpine, .alpineBased: .ash
        case .full, .debian, .ubuntu, .redhat, .scratch: .dash
        }
    }
}

extension Container {
    /// The shell that scripts here are read by, for the wording of its errors.
    var flavour: ShellFlavour { image.system.flavour }
}
