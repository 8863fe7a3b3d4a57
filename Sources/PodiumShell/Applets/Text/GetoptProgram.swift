// SPDX-License-Identifier: Apache-2.0
// getopt: puts the words of a script in order.

import PodiumMachinery
import PodiumRuntime

/// The command line of `getopt` and what it makes of the words of a script.
struct OptionSorter {
    private var short = ""
    private var long: [(name: String, value: Character)] = []
    private var name = "getopt"
    private var isQuiet = false
    private var isUnquoted = false
    private var words: [String] = []
    private var sorted = ""
    private var rest: [String] = []
    private(set) var faults: [String] = []
    /// Whether it was only asked which form it has.
    private(set) var isTest = false

    /// Reads the words of `getopt` itself.
    init(_ all: [String]) {
        var pending = Array(all.dropFirst())[...]
        var isNew = false
        while let word = pending.first, word.hasPrefix("-"), word != "-" {
            pending.removeFirst()
            isNew = true
            if word == "--" { break }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let letter = word.hasPrefix("--") ? Self.letters[parts[0]] : word.dropFirst().first
            let joined = word.hasPrefix("--") ? (parts.count > 1 ? parts[1] : nil) : String(word.dropFirst(2))
            func value() -> String { joined.flatMap { $0.isEmpty ? nil : $0 } ?? pending.popFirst() ?? "" }
            switch letter {
            case "o": short = value()
            case "l": addLong(value())
            case "n": name = value()
            case "s": _ = value()
            case "q": isQuiet = true
            case "u": isUnquoted = true
            case "T": isTest = true
            default: break
            }
        }
        words = Array(pending)
        if short.isEmpty, long.isEmpty || !isNew {
            short = words.isEmpty ? "" : words.removeFirst()
            isUnquoted = isUnquoted || !isNew
        }
        if words.first == "--", isNew { words.removeFirst() }
    }

    private static let letters: [String: Character] = [
        "--options": "o", "--long": "l", "--longoptions": "l", "--name": "n", "--shell": "s", "--quiet": "q",
        "--unquoted": "u", "--test": "T",
    ]

    private mutating func addLong(_ list: String) {
        for item in list.split(whereSeparator: { $0 == "," || $0 == " " }) {
            let colons = item.reversed().prefix { $0 == ":" }.count
            long.append((String(item.dropLast(colons)), colons == 0 ? "-" : colons == 1 ? ":" : "?"))
        }
    }

    private func quoted(_ word: String) -> String {
        isUnquoted ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }

    /// The words in order: options first, then `--` and what is none.
    mutating func sort() -> String {
        var pending = words[...]
        let stops = short.hasPrefix("+")
        while let word = pending.popFirst() {
            if word == "--" {
                rest += pending
                break
            }
            if word.hasPrefix("--") {
                addLongOption(String(word.dropFirst(2)), &pending)
            } else if word.hasPrefix("-"), word.count > 1 {
                addLetters(Array(word.dropFirst()), &pending)
            } else {
                rest.append(word)
                if stops {
                    rest += pending
                    break
                }
            }
        }
        return isQuiet ? "" : sorted + " --" + rest.map { " " + quoted($0) }.joined() + "\n"
    }

    private mutating func addLongOption(_ text: String, _ pending: inout ArraySlice<String>) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let found = long.filter { $0.name == parts[0] }
        let matches = found.isEmpty ? long.filter { $0.name.hasPrefix(parts[0]) } : found
        guard let match = matches.first, matches.count == 1 else {
            faults.append("\(name): unrecognized option '--\(parts[0])'")
            return
        }
        sorted += " --" + match.name
        if match.value == "-" {
            if parts.count > 1 { faults.append("\(name): option '--\(match.name)' doesn't allow an argument") }
            return
        }
        if let value = parts.count > 1 ? parts[1] : match.value == "?" ? "" : pending.popFirst() {
            sorted += " " + quoted(value)
        } else {
            faults.append("\(name): option '--\(match.name)' requires an argument")
        }
    }

    private mutating func addLetters(_ letters: [Character], _ pending: inout ArraySlice<String>) {
        let known = Array(short)
        for (index, letter) in letters.enumerated() {
            guard letter != ":", let place = known.firstIndex(of: letter) else {
                faults.append("\(name): invalid option -- '\(letter)'")
                continue
            }
            sorted += " -\(letter)"
            guard place + 1 < known.count, known[place + 1] == ":" else { continue }
            let joined = String(letters[(index + 1)...])
            let isOptional = place + 2 < known.count && known[place + 2] == ":"
            if let value = !joined.isEmpty || isOptional ? joined : pending.popFirst() {
                sorted += " " + quoted(value)
            } else {
                faults.append("\(name): option requires an argument -- '\(letter)'")
            }
            return
        }
    }
}

extension Applets {
    /// `getopt`.
    static func sortOptions(_ machine: inout Machine, _ words: [String]) -> Int {
        var sorter = OptionSorter(words)
        if sorter.isTest { return 4 }
        let text = sorter.sort()
        for fault in sorter.faults { machine.complain(fault) }
        machine.print(text)
        return sorter.faults.isEmpty ? 0 : 1
    }
}
