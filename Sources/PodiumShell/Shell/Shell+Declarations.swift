// SPDX-License-Identifier: Apache-2.0
// `export`, `readonly`, `local` and `declare`: what variables are besides their values.

import PodiumRuntime

/// What a declaration makes of its variables.
private struct Declaration {
    /// The builtin.
    var name: String
    var exports: Bool?
    var makesReadOnly = false
    var makesArray = false
    /// Whether the variables belong to the function that runs.
    var isLocal: Bool
    var lists = false
    /// `-F` and `-f`: whether functions are meant, and whether by their names alone.
    var functions = false

    init(_ name: String) {
        self.name = name
        exports = name == "export" ? true : nil
        makesReadOnly = name == "readonly"
        isLocal = !["export", "readonly"].contains(name)
    }

    var usage: String {
        switch name {
        case "export": "export [-fn] [name[=value] ...] or export -p"
        case "readonly": "readonly [-aAf] [name[=value] ...] or readonly -p"
        case "local": "local [option] name[=value] ..."
        default: "\(name) [-aAfFgiIlnrtux] [name[=value] ...] or \(name) -p [-aAfFilnrtux] [name ...]"
        }
    }
}

extension Shell {
    static let declaringBuiltins: [String: ShellBuiltin] = {
        var builtins: [String: ShellBuiltin] = [:]
        for name in ["export", "readonly", "local", "declare", "typeset"] {
            builtins[name] = { shell, machine, words in shell.declare(words, &machine) }
        }
        return builtins
    }()

    private mutating func declare(_ words: [String], _ machine: inout Machine) -> BuiltinResult {
        var declaration = Declaration(words[0])
        if words[0] == "local", !isInFunction {
            let text = flavour == .bash ? "can only be used in a function" : "not in a function"
            machine.complain(complaint("local: \(text)"))
            return .refused(1)
        }
        var rest = words.dropFirst()
        while let word = rest.first, word.hasPrefix("-") || word.hasPrefix("+") && flavour == .bash, word.count > 1 {
            rest = rest.dropFirst()
            if word == "--" { break }
            for letter in word.dropFirst() {
                if let refusal = take(letter, isOn: word.hasPrefix("-"), &declaration, &machine) { return refusal }
            }
        }
        if declaration.functions { return declaration.isLocal ? listFunctions(rest, &machine) : .status(0) }
        if declaration.lists || rest.isEmpty { return list(declaration, rest, &machine) }
        var code = 0
        for word in rest {
            if let refusal = declare(word, declaration, &machine) {
                guard flavour == .bash else { return refusal }
                code = 1
            }
        }
        return .status(code)
    }

    /// Takes an option; what comes of it when there is no such one.
    private func take(
        _ letter: Character,
        isOn: Bool,
        _ declaration: inout Declaration,
        _ machine: inout Machine
    ) -> BuiltinResult? {
        let isExport = declaration.name == "export"
        if letter == "p", flavour != .ash || !declaration.isLocal {
            declaration.lists = true
        } else if letter == "n", isExport, flavour != .dash {
            declaration.exports = false
        } else if flavour != .bash {
            return refuseOption(letter, usage: declaration.usage, &machine)
        } else if "An".contains(letter), !isExport {
            machine.complain(complaint("\(declaration.name): associative arrays and references are not simulated"))
            machine.note("Associative arrays and references of bash are not simulated")
            return .refused(2)
        } else {
            switch letter {
            case "x": declaration.exports = isOn
            case "r": declaration.makesReadOnly = isOn
            case "a": declaration.makesArray = isOn
            case "g": declaration.isLocal = false
            case "f", "F": declaration.functions = true
            case "i", "l", "u":
                machine.note(
                    "The attribute -\(letter) of \(declaration.name) is not simulated: values stay as they are written"
                )
            case "t", "I": break
            default: return refuseOption(letter, usage: declaration.usage, &machine)
            }
        }
        return nil
    }

    /// Declares one variable; what comes of it when it cannot be.
    private mutating func declare(
        _ word: String,
        _ declaration: Declaration,
        _ machine: inout Machine
    ) -> BuiltinResult? {
        // `local -` is about options, which stay as they are.
        if word == "-", declaration.name == "local" { return nil }
        let equals = word.firstIndex(of: "=")
        let left = word[..<(equals ?? word.endIndex)]
        let appends = equals != nil && left.hasSuffix("+") && flavour == .bash
        let name = String(appends ? left.dropLast() : left)
        guard ShellParser.isName(name) else {
            let text = flavour == .bash ? "`\(word)': not a valid identifier" : "\(name): bad variable name"
            machine.complain(complaint("\(declaration.name): \(text)"))
            return .refused(1)
        }
        if declaration.isLocal { makeLocal(name) }
        if let equals {
            if variables.isReadOnly(name) { return refuseChange(of: name, &machine) }
            let value = String(word[word.index(after: equals)...])
            variables.set(name, appends ? (variables[name] ?? "") + value : value)
        } else if let array = declaredArrays[name] {
            if variables.isReadOnly(name) { return refuseChange(of: name, &machine) }
            var elements = array.appends ? variables.elements(name) : [:]
            let start = (elements.keys.max() ?? -1) + 1
            for (index, value) in array.values.enumerated() { elements[start + index] = value }
            variables.set(name, elements: elements)
        } else if declaration.name == "local", flavour != .dash, !variables.isReadOnly(name) {
            variables.remove(name)
        }
        if declaration.makesArray, variables[name] == nil, variables.elements(name).isEmpty {
            variables.set(name, elements: [:])
        }
        if let exports = declaration.exports { variables.export(name, exports) }
        if declaration.makesReadOnly { variables.makeReadOnly(name) }
        return nil
    }

    // Lists

    private func list(
        _ declaration: Declaration,
        _ names: ArraySlice<String>,
        _ machine: inout Machine
    ) -> BuiltinResult {
        var code = 0
        let isOfAll = declaration.isLocal || declaration.name == "readonly" && !names.isEmpty
        for name in names.isEmpty || !isOfAll ? variables.names(of: declaration.listed)[...] : names {
            if flavour != .bash {
                let value = variables[name].map { "='\($0.replacing("'", with: "'\\''"))'" } ?? ""
                machine.print("\(declaration.name) \(name)\(value)\n")
            } else if let line = variables.declaration(of: name) {
                machine.print(line + "\n")
            } else {
                machine.complain(complaint("\(declaration.name): \(name): not found"))
                code = 1
            }
        }
        return .status(code)
    }

    private func listFunctions(_ names: ArraySlice<String>, _ machine: inout Machine) -> BuiltinResult {
        var code = 0
        for name in names.isEmpty ? functions.keys.sorted()[...] : names {
            guard functions[name] != nil else {
                code = 1
                continue
            }
            machine.print((names.isEmpty ? "declare -f " : "") + name + "\n")
        }
        return .status(code)
    }
}

extension Declaration {
    /// Which variables are listed without names.
    fileprivate var listed: ShellVariables.Kind {
        isLocal ? .all : name == "readonly" ? .readOnly : .exported
    }
}
