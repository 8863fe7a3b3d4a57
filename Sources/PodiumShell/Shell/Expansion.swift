// SPDX-License-Identifier: Apache-2.0
// From words to fields: parameters, substitutions, arithmetic and splitting.

import PodiumRuntime

/// Why an expansion stopped before its end.
enum ExpansionStop: Error, Sendable {
    /// The next substitution has not been run yet. Run it, add its output to `substitutions`, and expand anew.
    case needs(ShellCommand)
    /// The same of a process whose pipe is known by its path.
    case needsProcess(ShellCommand, isInput: Bool)
    /// The shell ends with this complaint, without its name before it.
    case failed(String)
    /// It ends because a parameter is not set.
    case unset(String)
}

/// What expansion reads of a shell beside its variables.
struct ExpansionScope: Sendable {
    var positional: WordList
    /// `$0`.
    var shellName: String
    /// `$?`.
    var status: Int
    /// `$$`.
    var pid: Int
    var parentPID: Int
    /// `$!`.
    var background: Int?
    var options: ShellOptions
    var line: Int
    /// `$SECONDS`.
    var seconds: Int
    /// `set -u`.
    var refusesUnset: Bool
    var home: String
    var flavour: ShellFlavour
}

/// One pass over the words of a command.
///
/// It is a pure function of variables and the outputs of substitutions known so far. When it meets a substitution whose
/// output is unknown it stops; the shell runs that one and makes a new pass from the same variables, which comes
/// further:
///
///     echo $(a) $(b)      pass 1: needs a;  pass 2 with [A]: needs b;  pass 3 with [A, B]: fields A, B
struct Expansion {
    /// Substitutions within one command; the shell complains about more.
    static let maximumSubstitutions = 1000
    /// The bytes that one word may become.
    static let maximumWordBytes = 4 << 20
    /// What all the fields of a list of words may take; many short ones take far more than their bytes.
    static let maximumListBytes = 40 << 20

    var variables: ShellVariables
    let scope: ExpansionScope
    /// The outputs of the substitutions in the order in which they are met.
    let substitutions: [String]
    var random: UInt64
    /// Counts the work.
    let meter: WorkMeter
    var used = 0
    /// What the words of the present list take that were expanded already.
    private var held = 0

    /// A pass of a shell with these variables in a process of `machine`.
    init(_ variables: ShellVariables, _ scope: ExpansionScope, substitutions: [String], _ machine: Machine) {
        self.variables = variables
        self.scope = scope
        self.substitutions = substitutions
        random = machine.kernel.random
        meter = machine.meter
    }

    // Whole words

    /// The fields that words become, file names not yet looked for.
    mutating func fields(_ words: [ShellWord]) throws(ExpansionStop) -> [ExpandedField] {
        var fields: [ExpandedField] = []
        for word in words {
            for braced in scope.flavour == .bash ? try BraceExpansion.expand(word, meter) : [word] {
                var builder = FieldBuilder(separators: separators)
                try expand(braced, into: &builder)
                fields += builder.finish()
                held += builder.heldBytes
            }
        }
        held = 0
        return fields
    }

    /// The text of a word that is not split, as in an assignment.
    mutating func text(_ word: ShellWord) throws(ExpansionStop) -> String { try joined(word).units.text }

    /// The pattern that a word is, with quoted parts taken literally.
    mutating func pattern(_ word: ShellWord) throws(ExpansionStop) -> String { try joined(word).pattern.text }

    private mutating func joined(_ word: ShellWord) throws(ExpansionStop) -> ExpandedField {
        var builder = FieldBuilder(separators: nil)
        try expand(word, into: &builder)
        let fields = builder.finish()
        guard var first = fields.first else { return ExpandedField() }
        for field in fields.dropFirst() {
            first.append([0x20], isQuoted: true)
            first.append(field)
        }
        return first
    }

    private var separators: [UInt8] { variables["IFS"].map { Array($0.utf8) } ?? [0x20, 0x09, 0x0A] }

    // Parts

    private mutating func expand(_ word: ShellWord, into builder: inout FieldBuilder) throws(ExpansionStop) {
        var counted = builder.byteCount
        var fields = builder.count
        for part in word.parts {
            switch part {
            case .literal(let text): builder.add(Array(text.utf8), isQuoted: false)
            case .quoted(let text): builder.add(Array(text.utf8), isQuoted: true)
            case .home(let name): builder.add(Array(home(of: name).utf8), isQuoted: true)
            case .parameter(let parameter, let isQuoted): try expand(parameter, isQuoted: isQuoted, into: &builder)
            case .substitution(let script, let isQuoted):
                builder.addValue(try output(of: script), isQuoted: isQuoted)
            case .process(let script, let isInput):
                builder.add(Array(try path(of: script, isInput: isInput).utf8), isQuoted: true)
            case .arithmetic(let word, let isQuoted):
                builder.addValue(String(try arithmetic(word)), isQuoted: isQuoted)
            }
            // Bytes are split, and kept both as text and as a pattern; an empty field has to be made, too.
            meter.charge(bytes: 4 * (builder.byteCount - counted) + ExpandedField.ownBytes * (builder.count - fields))
            counted = builder.byteCount
            fields = builder.count
            if builder.byteCount > Self.maximumWordBytes || held + builder.heldBytes > Self.maximumListBytes {
                throw .failed("out of memory")
            }
        }
    }

    /// The home of a user; only the one of the shell and that of root are known, others stand as they are written.
    private func home(of name: String) -> String {
        if name.isEmpty { return scope.home }
        return name == "root" ? "/root" : "~" + name
    }

    private mutating func path(of script: ParsedScript, isInput: Bool) throws(ExpansionStop) -> String {
        guard used < substitutions.count else {
            if used >= Self.maximumSubstitutions { throw .failed("too many substitutions") }
            throw .needsProcess(script.command, isInput: isInput)
        }
        used += 1
        return substitutions[used - 1]
    }

    private mutating func output(of script: ParsedScript) throws(ExpansionStop) -> String {
        guard used < substitutions.count else {
            if used >= Self.maximumSubstitutions { throw .failed("too many substitutions") }
            throw .needs(script.command)
        }
        used += 1
        return substitutions[used - 1]
    }

    /// The value of an expression.
    mutating func arithmetic(_ word: ShellWord) throws(ExpansionStop) -> Int {
        let expression = try text(word)
        // Changing a variable copies their table.
        meter.charge(components: variables.count / 4)
        do {
            return try Arithmetic.evaluate(expression, &variables, isPlain: scope.flavour == .dash, meter)
        } catch {
            throw .failed(error.text(expression, scope.flavour))
        }
    }

    // Parameters

    private mutating func expand(
        _ parameter: ParameterExpansion,
        isQuoted: Bool,
        into builder: inout FieldBuilder
    ) throws(ExpansionStop) {
        if case .unknown = parameter.operation { throw .failed(scope.flavour.badSubstitution) }
        if case .keys = parameter.operation {
            let keys = variables.elements(parameter.name).keys.sorted().map { String($0) }
            meter.charge(components: keys.count)
            return builder.addList(keys, isQuoted: isQuoted)
        }
        if let list = list(parameter) { return try expand(list, parameter, isQuoted: isQuoted, into: &builder) }
        let value = try value(of: parameter)
        if let word = try insteadOf(value, parameter) { return try add(word, isQuoted: isQuoted, into: &builder) }
        if case .alternative = parameter.operation { return }
        guard let value else {
            if case .length = parameter.operation { return builder.addValue("0", isQuoted: isQuoted) }
            try checkUnset(parameter)
            return builder.addValue("", isQuoted: isQuoted)
        }
        builder.addValue(try apply(parameter.operation, to: value), isQuoted: isQuoted)
    }

    /// The elements that `@` and `*` stand for; nil for a single value.
    private func list(_ parameter: ParameterExpansion) -> [String]? {
        if parameter.name == "@" || parameter.name == "*" { return Array(scope.positional.words) }
        guard let index = parameter.index?.parts, index == [.quoted("@")] || index == [.quoted("*")] else { return nil }
        let elements = variables.elements(parameter.name)
        meter.charge(components: elements.count)
        return elements.sorted { $0.key < $1.key }.map(\.value)
    }

    private mutating func expand(
        _ list: [String],
        _ parameter: ParameterExpansion,
        isQuoted: Bool,
        into builder: inout FieldBuilder
    ) throws(ExpansionStop) {
        let isStar = parameter.name == "*" || parameter.index?.parts == [.quoted("*")]
        var elements = list
        switch parameter.operation {
        case .value: break
        case .length: return builder.addValue(String(list.count), isQuoted: isQuoted)
        case .substring(let offset, let length): elements = try slice(list, parameter, offset, length)
        case .fallback, .assign, .complain, .alternative:
            let value = list.isEmpty ? nil : list.joined(separator: " ")
            if let word = try insteadOf(value, parameter) { return try add(word, isQuoted: isQuoted, into: &builder) }
            // `"${list[@]+…}"` is no word at all when there is no list.
            if case .alternative = parameter.operation { return builder.addList([], isQuoted: isQuoted) }
        default:
            elements = []
            var bytes = 0
            for element in list {
                elements.append(try apply(parameter.operation, to: element))
                bytes += elements[elements.count - 1].utf8.count
                if bytes > Self.maximumListBytes { throw .failed("out of memory") }
            }
        }
        if isStar, isQuoted {
            let separator = separators.first.map { String(UnicodeScalar($0)) } ?? ""
            return builder.addValue(elements.joined(separator: separator), isQuoted: true)
        }
        builder.addList(elements, isQuoted: isQuoted)
    }

    private mutating func slice(
        _ list: [String],
        _ parameter: ParameterExpansion,
        _ offset: ShellWord,
        _ length: ShellWord?
    ) throws(ExpansionStop) -> [String] {
        // `${@:1}` counts from `$1`, and `$0` stands at 0.
        let all = parameter.index == nil ? [scope.shellName] + list : list
        let start = try arithmetic(offset)
        let first = min(max(0, start < 0 ? all.count + start : start), all.count)
        guard let length else { return Array(all[first...]) }
        return Array(all[first...].prefix(max(0, try arithmetic(length))))
    }

    /// The word that stands for a value which is missing, or is not missing with `+`.
    private mutating func insteadOf(
        _ value: String?,
        _ parameter: ParameterExpansion
    ) throws(ExpansionStop) -> ShellWord? {
        func isMissing(_ orEmpty: Bool) -> Bool { value == nil || orEmpty && value == "" }
        switch parameter.operation {
        case .fallback(let word, let orEmpty): return isMissing(orEmpty) ? word : nil
        case .alternative(let word, let orEmpty): return isMissing(orEmpty) ? nil : word
        case .assign(let word, let orEmpty):
            guard isMissing(orEmpty) else { return nil }
            guard ShellParser.isName(parameter.name) else { throw .failed("\(parameter.name): bad variable name") }
            let text = try text(word)
            variables.set(parameter.name, text)
            return .quoted(text)
        case .complain(let word, let orEmpty):
            guard isMissing(orEmpty) else { return nil }
            let text = try text(word)
            let fault = orEmpty ? scope.flavour.nullOrUnset : "parameter not set"
            throw .unset("\(parameter.name): \(text.isEmpty ? fault : text)")
        default: return nil
        }
    }

    private mutating func add(_ word: ShellWord, isQuoted: Bool, into builder: inout FieldBuilder) throws(ExpansionStop)
    {
        if isQuoted || !builder.splits { return try expand(word, into: &builder) }
        // The word's own unquoted text is split like a value.
        var split = ShellWord()
        for part in word.parts {
            guard case .literal(let text) = part else {
                split.parts.append(part)
                continue
            }
            try expand(split, into: &builder)
            split.parts = []
            builder.addValue(text, isQuoted: false)
        }
        try expand(split, into: &builder)
    }

    private func checkUnset(_ parameter: ParameterExpansion) throws(ExpansionStop) {
        guard scope.refusesUnset else { return }
        if scope.flavour != .bash { throw .unset("\(parameter.name): parameter not set") }
        throw .unset("\(Int(parameter.name) == nil ? "" : "$")\(parameter.name): unbound variable")
    }

    private mutating func value(of parameter: ParameterExpansion) throws(ExpansionStop) -> String? {
        if let index = parameter.index {
            let number = try arithmetic(index)
            return variables.index(number, in: parameter.name).flatMap { variables.elements(parameter.name)[$0] }
        }
        if case .indirect = parameter.operation {
            return simpleValue(parameter.name).flatMap { simpleValue($0) }
        }
        return simpleValue(parameter.name)
    }

    private mutating func simpleValue(_ name: String) -> String? {
        if let value = variables[name] { return value }
        switch name {
        case "?": return String(scope.status)
        case "$": return String(scope.pid)
        case "#": return String(scope.positional.count)
        case "!": return scope.background.map { String($0) }
        case "-": return scope.flags(exportsAll: variables.exportsAll)
        case "SHELLOPTS" where scope.flavour == .bash: return scope.optionNames(exportsAll: variables.exportsAll)
        case "0": return scope.shellName
        case "PPID": return String(scope.parentPID)
        case "LINENO" where scope.flavour != .dash: return String(scope.line)
        case "SECONDS" where scope.flavour == .bash: return String(scope.seconds)
        case "BASH_VERSION" where scope.flavour == .bash: return "5.2.15(1)-release"
        case "RANDOM" where scope.flavour != .dash:
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return String(random >> 49)
        default:
            guard let number = Int(name), number > 0, number <= scope.positional.count else { return nil }
            return scope.positional[number - 1]
        }
    }
}
