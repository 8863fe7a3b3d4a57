// SPDX-License-Identifier: Apache-2.0
// `getopts`: the options of a script, one at a time.

import PodiumRuntime

/// How far `getopts` has come.
struct OptionPlace: Sendable {
    /// The word that is next, counted from 1. bash counts the word that it is in, the others the one behind it.
    var index = 1
    /// The letters of the present word that were read, its dash counted; nil between two words.
    var letters: Int?
}

extension Shell {
    /// What `getopts` found.
    private enum FoundOption {
        case letter(Character, value: String?)
        case unknown(Character)
        /// It has no argument, and needs one.
        case lacking(Character)
    }

    /// `getopts`, with its place kept in `OPTIND` and, within a word, in the shell.
    mutating func getOption(_ words: [String], _ machine: inout Machine) -> BuiltinResult {
        guard words.count >= 3 else { return refuseOptionWords(&machine) }
        guard ShellParser.isName(words[2]) else {
            let text = flavour == .bash ? "`\(words[2])': not a valid identifier" : "\(words[2]): bad variable name"
            machine.complain(complaint("getopts: \(text)"))
            return .refused(1)
        }
        let arguments = words.count > 3 ? Array(words.dropFirst(3)) : Array(positional.words)
        if optionChanges != variables.optionChanges {
            optionPlace = OptionPlace(index: max(1, variables["OPTIND"].flatMap { Int($0) } ?? 1))
        }
        if optionPlace.index > arguments.count + 1 {
            optionPlace = OptionPlace(index: flavour == .bash ? arguments.count + 1 : 1)
        }
        guard let found = nextOption(arguments, Array(words[1])) else {
            optionPlace.letters = nil
            keepOptionPlace()
            if flavour != .dash { variables.remove("OPTARG") }
            return setOption(words[2], "?", &machine, code: 1)
        }
        keepOptionPlace()
        let isSilent = words[1].hasPrefix(":")
        var result = "?"
        var argument: String?
        switch found {
        case .letter(let letter, let value):
            result = String(letter)
            // The other shells empty it.
            argument = value ?? (flavour == .bash ? nil : "")
        case .unknown(let letter), .lacking(let letter):
            if isSilent, case .lacking = found { result = ":" }
            argument = isSilent || flavour == .ash && variables["OPTERR"] == "0" ? String(letter) : nil
            let isQuiet = isSilent || flavour != .dash && variables["OPTERR"] == "0"
            if !isQuiet { machine.complain(complaint(of: found, letter)) }
        }
        if let argument { variables.set("OPTARG", argument) } else { variables.remove("OPTARG") }
        return setOption(words[2], result, &machine, code: 0)
    }

    private func refuseOptionWords(_ machine: inout Machine) -> BuiltinResult {
        switch flavour {
        case .ash: machine.complain(complaint("getopts: usage: getopts optstring var [arg]"))
        case .dash: machine.complain(complaint("getopts: Usage: getopts optstring var [arg...]"))
        case .bash: machine.complain("getopts: usage: getopts optstring name [arg ...]")
        }
        return .refused(2)
    }

    private func complaint(of found: FoundOption, _ letter: Character) -> String {
        let isUnknown = if case .unknown = found { true } else { false }
        let fault = isUnknown ? "illegal option" : "option requires an argument"
        if flavour == .bash { return "\(name): \(fault) -- \(letter)" }
        return isUnknown ? "Illegal option -\(letter)" : "No arg for -\(letter) option"
    }

    /// Takes the next letter, and moves on in its word or behind it; nil when there is none.
    private mutating func nextOption(_ arguments: [String], _ specification: [Character]) -> FoundOption? {
        let isInWord = optionPlace.letters != nil
        var word = optionPlace.index - (isInWord && flavour != .bash ? 2 : 1)
        if isInWord, !arguments.indices.contains(word) || arguments[word].count <= optionPlace.letters ?? 0 {
            optionPlace.letters = nil
            word = optionPlace.index - 1
        }
        guard arguments.indices.contains(word) else { return nil }
        let letters = Array(arguments[word])
        let place = optionPlace.letters ?? 1
        if optionPlace.letters == nil {
            guard letters.count > 1, letters[0] == "-" else { return nil }
            if letters == ["-", "-"] {
                optionPlace.index = word + 2
                return nil
            }
        }
        let letter = letters[place]
        let hasRest = place + 1 < letters.count
        optionPlace = OptionPlace(
            index: hasRest && flavour == .bash ? word + 1 : word + 2,
            letters: hasRest ? place + 1 : nil
        )
        guard let known = specification.firstIndex(of: letter), letter != ":" else { return .unknown(letter) }
        guard specification.indices.contains(known + 1), specification[known + 1] == ":" else {
            return .letter(letter, value: nil)
        }
        optionPlace = OptionPlace(index: word + 2)
        if hasRest { return .letter(letter, value: String(letters[(place + 1)...])) }
        guard arguments.indices.contains(word + 1) else { return .lacking(letter) }
        optionPlace.index = word + 3
        return .letter(letter, value: arguments[word + 1])
    }

    /// Lets `getopts` begin with the first word, as all but bash do with new positional parameters.
    mutating func beginOptions() {
        optionPlace = OptionPlace()
        optionChanges = variables.optionChanges
    }

    private mutating func keepOptionPlace() {
        variables.set("OPTIND", String(optionPlace.index))
        optionChanges = variables.optionChanges
    }

    private mutating func setOption(
        _ name: String,
        _ value: String,
        _ machine: inout Machine,
        code: Int
    ) -> BuiltinResult {
        if variables.isReadOnly(name) {
            let text = flavour == .bash ? "\(name): readonly variable" : "getopts: \(name): is read only"
            machine.complain(complaint(text))
            return .refused(2)
        }
        variables.set(name, value)
        return .status(code)
    }
}
