// SPDX-License-Identifier: Apache-2.0
// Options that are checked before anything is done, as getopt checks them.

import PodiumRuntime

/// The options that a program knows.
struct OptionTable: Sendable {
    /// The letters; a colon follows one that takes a value, two follow one whose value is joined to it or missing.
    let letters: String
    /// Long names with the letters that they stand for. A letter that is none of `letters` has a long name only.
    var long: [String: Character] = [:]
    /// Whether options end at the first other word.
    var stops = false

    /// The table with further options, as GNU's programs have them besides busybox's.
    func adding(_ letters: String, _ long: [String: Character] = [:]) -> OptionTable {
        OptionTable(letters: self.letters + letters, long: self.long.merging(long) { $1 }, stops: stops)
    }

    /// The letters that take a value.
    var valued: String {
        let all = Array(letters)
        return String(all.indices.filter { $0 + 1 < all.count && all[$0 + 1] == ":" }.map { all[$0] })
    }

    /// Whether the value of a letter may be missing, which is empty then.
    private func isOptional(_ letter: Character) -> Bool { letters.contains("\(letter)::") }

    /// The words with each option as a letter of its own and its value behind it, or why they make no sense.
    func normalized(_ words: [String]) -> Result<[String], OptionFault> {
        let valued = valued
        var result = Array(words.prefix(1))
        var operands: [String] = []
        var rest = words.dropFirst()
        while let word = rest.popFirst() {
            if word == "--" || stops && (!word.hasPrefix("-") || word == "-") {
                operands += word == "--" ? Array(rest) : [word] + rest
                break
            }
            if word.hasPrefix("--") {
                let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard let letter = letter(ofLong: String(parts[0])) else {
                    return .failure(OptionFault(text: "unrecognized option '\(word)'"))
                }
                result.append("-\(letter)")
                guard valued.contains(letter) else { continue }
                guard let value = parts.count > 1 ? String(parts[1]) : isOptional(letter) ? "" : rest.popFirst()
                else {
                    return .failure(OptionFault(text: "option '\(word)' requires an argument"))
                }
                result.append(value)
            } else if word.hasPrefix("-"), word.count > 1 {
                var letters = word.dropFirst()
                while let letter = letters.popFirst() {
                    guard letter != ":", self.letters.contains(letter) else {
                        return .failure(OptionFault(text: "invalid option -- '\(letter)'"))
                    }
                    result.append("-\(letter)")
                    guard valued.contains(letter) else { continue }
                    let isJoined = !letters.isEmpty || isOptional(letter)
                    guard let value = isJoined ? String(letters) : rest.popFirst() else {
                        return .failure(OptionFault(text: "option requires an argument -- '\(letter)'"))
                    }
                    result.append(value)
                    break
                }
            } else {
                operands.append(word)
            }
        }
        return .success(result + ["--"] + operands)
    }

    /// A long name may be cut short as long as only one begins like that.
    private func letter(ofLong name: String) -> Character? {
        if let letter = long[name] { return letter }
        let letters = Set(long.filter { $0.key.hasPrefix(name) }.values)
        return letters.count == 1 ? letters.first : nil
    }
}

/// Why options make no sense.
struct OptionFault: Error {
    var text: String
}

extension AppletOptions {
    /// The options of a command line; nil when they make no sense, which was told then.
    static func read(_ machine: inout Machine, _ words: [String], _ table: OptionTable) -> AppletOptions? {
        switch table.normalized(words) {
        case .success(let normalized): return AppletOptions(normalized, valued: table.valued)
        case .failure(let fault):
            let name = words.first?.split(separator: "/").last.map(String.init) ?? ""
            if machine.isGNU { _ = Applets.hint(&machine, name, fault.text) } else { tell(&machine, name, fault) }
            return nil
        }
    }

    /// Says what is wrong with a command line in the words of busybox.
    static func tell(_ machine: inout Machine, _ name: String, _ fault: OptionFault) {
        machine.complain("\(name): \(fault.text)")
        _ = Applets.usage(&machine, name)
    }
}

extension String {
    /// The last component of a path without the slashes at its end; of slashes only, one.
    var lastComponent: String {
        split(separator: "/").last.map(String.init) ?? (isEmpty ? "" : "/")
    }

    /// The path of a name in a directory.
    func appending(component name: String) -> String { hasSuffix("/") ? self + name : self + "/" + name }

    /// The path without slashes at its end, but for the root.
    var withoutTrailingSlashes: String {
        var path = self
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }
}
