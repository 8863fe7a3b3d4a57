// SPDX-License-Identifier: Apache-2.0
// tar's command line.

import PodiumMachinery
import PodiumRuntime

/// What a `tar` is told to do.
struct TarOptions: Sendable {
    enum Action: Sendable { case create, extract, list }

    var action: Action?
    var file: String?
    var directory: String?
    var names: [String] = []
    var excluded: [ShellPattern] = []
    /// Files that name members to take or to leave out.
    var nameFiles: [String] = []
    var excludeFiles: [String] = []
    var stripped = 0
    /// The format of the archive, when it is not read from its first bytes.
    var format: CompressionFormat?
    private var choosesFormat = false
    var isVerbose = false
    var toOutput = false
    var keepsOld = false
    var keepsTime = true
    var keepsOwner = true
    var followsLinks = false
    var isRecursive = true
    /// Why the words make no sense.
    var fault: String?

    private static let valued = "fCTX"
    private static let longValues = [
        "file": "f", "directory": "C", "files-from": "T", "exclude-from": "X", "exclude": "exclude",
        "strip-components": "strip-components", "strip": "strip-components", "to-command": "ignored",
        "transform": "ignored", "owner": "ignored", "group": "ignored", "mode": "ignored",
    ]
    private static let longFlags: [String: Character] = [
        "create": "c", "extract": "x", "get": "x", "list": "t", "verbose": "v", "gzip": "z", "gunzip": "z",
        "to-stdout": "O", "keep-old": "k", "keep-old-files": "k", "touch": "m", "dereference": "h",
        "no-same-owner": "o", "auto-compress": "a", "bzip2": "j", "bunzip2": "j", "xz": "J", "unxz": "J", "lzma": "M",
        "compress": "Z", "uncompress": "Z",
    ]

    /// Reads the words, of which the first may leave out its dash: `tar czf x.tgz y`.
    init(_ words: [String]) {
        var rest = Array(words.dropFirst())[...]
        if let first = rest.first, !first.hasPrefix("-") {
            rest.removeFirst()
            readLetters(Array(first), &rest)
        }
        while let word = rest.popFirst() {
            if word == "--" {
                names += rest
                break
            }
            if word.hasPrefix("--") {
                readLong(String(word.dropFirst(2)), &rest)
            } else if word.hasPrefix("-"), word.count > 1 {
                readLetters(Array(word.dropFirst()), &rest, joined: true)
            } else {
                names.append(word)
            }
        }
        if choosesFormat, format == nil { format = file.flatMap { CompressionFormat(ofFile: $0) } }
    }

    private mutating func readLetters(_ letters: [Character], _ rest: inout ArraySlice<String>, joined: Bool = false) {
        for (index, letter) in letters.enumerated() {
            guard Self.valued.contains(letter) else {
                flag(letter)
                continue
            }
            if joined, index + 1 < letters.count {
                value(String(letter), String(letters[(index + 1)...]))
                return
            }
            guard let next = rest.popFirst() else {
                fault = "option requires an argument -- '\(letter)'"
                return
            }
            value(String(letter), next)
        }
    }

    private mutating func readLong(_ word: String, _ rest: inout ArraySlice<String>) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        if let name = Self.longValues[parts[0]] {
            guard let text = parts.count > 1 ? parts[1] : rest.popFirst() else {
                fault = "option '--\(parts[0])' requires an argument"
                return
            }
            value(name, text)
        } else if let letter = Self.longFlags[parts[0]] {
            flag(letter)
        } else if parts[0] == "no-recursion" {
            isRecursive = false
        } else if !["numeric-owner", "overwrite", "same-permissions", "no-same-permissions"]
            .contains(parts[0])
        {
            fault = "unrecognized option '--\(word)'"
        }
    }

    private mutating func flag(_ letter: Character) {
        switch letter {
        case "c": action = .create
        case "x": action = .extract
        case "t": action = .list
        case "z": format = .gzip
        case "j": format = .bzip2
        case "J": format = .xz
        case "Z": format = .compress
        case "M": format = .lzma
        case "v": isVerbose = true
        case "O": toOutput = true
        case "k": keepsOld = true
        case "m": keepsTime = false
        case "o": keepsOwner = false
        case "h": followsLinks = true
        case "a": choosesFormat = true
        case "p", "P", "w", "U": break
        default: fault = "invalid option -- '\(letter)'"
        }
    }

    private mutating func value(_ name: String, _ text: String) {
        switch name {
        case "f": file = text
        case "C": directory = text
        case "T": nameFiles.append(text)
        case "X": excludeFiles.append(text)
        case "exclude": excluded.append(ShellPattern(text))
        case "strip-components": stripped = max(0, Int(text) ?? 0)
        default: break
        }
    }

    /// Whether a name is one that was left out, by the whole of it or by one of its ends.
    func isExcluded(_ name: String) -> Bool {
        guard !excluded.isEmpty else { return false }
        let parts = name.split(separator: "/").map(String.init)
        return parts.indices.contains { index in
            excluded.contains { pattern in
                pattern.matches(parts[index...].joined(separator: "/"))
                    || pattern.matches(parts[...index].joined(separator: "/"))
                    || pattern.matches(parts[index])
            }
        }
    }

    /// The name that a member is wanted by; nil when it is not.
    func wanted(_ name: String) -> Int? {
        let trimmed = name.hasSuffix("/") ? String(name.dropLast()) : name
        return names.firstIndex { wanted in
            let clean = wanted.hasSuffix("/") ? String(wanted.dropLast()) : wanted
            return trimmed == clean || trimmed.hasPrefix(clean + "/") || ShellPattern(clean).matches(trimmed)
        }
    }
}
