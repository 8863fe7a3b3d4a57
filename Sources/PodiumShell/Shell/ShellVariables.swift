// SPDX-License-Identifier: Apache-2.0
// The variables of a shell.

import PodiumRuntime

/// Variables, which of them are exported, and arrays.
struct ShellVariables: Sendable {
    private struct Variable: Sendable {
        var value: String?
        var elements: [Int: String]?
        var isExported = false
        var isReadOnly = false
        /// Where it stands in the environment.
        var order: Int
    }

    /// What all variables may take; a shell that has more is ended.
    static let maximumBytes = 32 << 20
    /// What a variable takes beside its name and its value.
    private static let ownBytes = 128
    /// What an element of an array takes beside its value.
    static let elementBytes = 48
    /// The largest index of an array that can be written, from which counting on stays a number.
    static let maximumIndex = 1 << 53

    private var table: [String: Variable] = [:]
    private var made = 0
    /// `set -a`: whatever is set is exported.
    var exportsAll = false
    /// What all variables take.
    private(set) var byteCount = 0

    /// How often `OPTIND` was set, which begins the options of a script anew.
    private(set) var optionChanges = 0

    /// How many variables there are.
    var count: Int { table.count }

    /// The variables of an environment, all exported.
    init(_ environment: [EnvironmentVariable]) {
        for variable in environment where ShellParser.isName(variable.name) {
            set(variable.name, variable.value)
            export(variable.name)
        }
    }

    /// The value; the first element of an array.
    subscript(name: String) -> String? {
        guard let variable = table[name] else { return nil }
        return variable.value ?? variable.elements?[0]
    }

    /// The elements of an array by index; nil for another variable.
    func array(_ name: String) -> [Int: String]? { table[name]?.elements }

    /// The elements of an array by index; a plain value is the element 0.
    func elements(_ name: String) -> [Int: String] {
        guard let variable = table[name] else { return [:] }
        return variable.elements ?? variable.value.map { [0: $0] } ?? [:]
    }

    /// The index that a number means in an array, a negative one counted from its end; nil when it means none.
    func index(_ number: Int, in name: String) -> Int? {
        guard number < 0 else { return number <= Self.maximumIndex ? number : nil }
        let index = (elements(name).keys.max() ?? -1) + 1 + number
        return index < 0 ? nil : index
    }

    func isReadOnly(_ name: String) -> Bool { table[name]?.isReadOnly ?? false }
    func isExported(_ name: String) -> Bool { table[name]?.isExported ?? false }

    /// Sets a value; the first element when the variable is an array.
    mutating func set(_ name: String, _ value: String) {
        ensure(name)
        let old = self[name]
        byteCount += value.utf8.count - (old?.utf8.count ?? 0)
        if table[name]?.elements != nil {
            if old == nil { byteCount += Self.elementBytes }
            table[name]?.elements?[0] = value
        } else {
            table[name]?.value = value
        }
        if name == "OPTIND" { optionChanges += 1 }
        if exportsAll { table[name]?.isExported = true }
    }

    mutating func set(_ name: String, elements: [Int: String]) {
        ensure(name)
        let bytes = elements.values.reduce(0) { $0 + $1.utf8.count + Self.elementBytes }
        byteCount += bytes - self.bytes(of: name)
        table[name]?.value = nil
        table[name]?.elements = elements
    }

    /// Makes an array a plain variable again.
    mutating func makePlain(_ name: String) {
        guard table[name]?.elements != nil else { return }
        byteCount -= bytes(of: name)
        table[name]?.elements = nil
    }

    mutating func set(_ name: String, at index: Int, _ value: String) {
        var all = elements(name)
        all[index] = value
        set(name, elements: all)
    }

    mutating func remove(_ name: String, at index: Int) {
        var rest = elements(name)
        guard rest.removeValue(forKey: index) != nil else { return }
        set(name, elements: rest)
    }

    mutating func remove(_ name: String) {
        guard table[name] != nil else { return }
        byteCount -= bytes(of: name) + Self.ownBytes + name.utf8.count
        table[name] = nil
    }

    /// What the value or the elements of a variable take.
    private func bytes(of name: String) -> Int {
        guard let variable = table[name] else { return 0 }
        guard let elements = variable.elements else { return variable.value?.utf8.count ?? 0 }
        return elements.values.reduce(0) { $0 + $1.utf8.count + Self.elementBytes }
    }

    mutating func export(_ name: String, _ isExported: Bool = true) {
        ensure(name)
        table[name]?.isExported = isExported
    }

    mutating func makeReadOnly(_ name: String, _ isReadOnly: Bool = true) {
        ensure(name)
        table[name]?.isReadOnly = isReadOnly
    }

    private mutating func ensure(_ name: String) {
        guard table[name] == nil else { return }
        made += 1
        byteCount += Self.ownBytes + name.utf8.count
        table[name] = Variable(order: made)
    }

    /// What children get, in the order in which it was set.
    var environment: [EnvironmentVariable] {
        table.filter { $0.value.isExported }.sorted { $0.value.order < $1.value.order }.compactMap { name, variable in
            variable.value.map { EnvironmentVariable(name, $0) }
        }
    }

    /// All names with values, sorted.
    var all: [(name: String, value: String)] {
        table.keys.sorted().compactMap { name in self[name].map { (name, $0) } }
    }

    /// Which variables are meant.
    enum Kind {
        case exported, readOnly, all
    }

    /// The names of variables, sorted.
    func names(of kind: Kind) -> [String] {
        table.filter { kind == .all || (kind == .exported ? $0.value.isExported : $0.value.isReadOnly) }.keys.sorted()
    }

    /// A variable as `declare -p` of bash shows it; nil when there is none.
    func declaration(of name: String) -> String? {
        guard let variable = table[name] else { return nil }
        let flags =
            (variable.elements == nil ? "" : "a") + (variable.isReadOnly ? "r" : "")
            + (variable.isExported ? "x" : "")
        let head = "declare -\(flags.isEmpty ? "-" : flags) \(name)"
        guard let elements = variable.elements else {
            return head + (variable.value.map { "=" + Self.quoted($0) } ?? "")
        }
        let list = elements.sorted { $0.key < $1.key }.map { "[\($0.key)]=\(Self.quoted($0.value))" }
        return "\(head)=(\(list.joined(separator: " ")))"
    }

    /// A value in quotes that bash reads again.
    private static func quoted(_ value: String) -> String {
        let isPlain = value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
        var result = isPlain ? "\"" : "$'"
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\n" where !isPlain: result += "\\n"
            case "\t" where !isPlain: result += "\\t"
            case "\r" where !isPlain: result += "\\r"
            case "\\": result += "\\\\"
            case "\"", "$", "`": result += isPlain ? "\\" + String(scalar) : String(scalar)
            case "'" where !isPlain: result += "\\'"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 8)
                result += "\\" + String(repeating: "0", count: 3 - digits.utf8.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + (isPlain ? "\"" : "'")
    }
}
