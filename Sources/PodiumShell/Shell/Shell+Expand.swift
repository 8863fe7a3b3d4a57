// SPDX-License-Identifier: Apache-2.0
// Expanding the words of commands, substitutions included, and going on with what they say.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// Words to expand and what is done with them.
struct ExpansionJob: Sendable {
    enum Kind: Sendable {
        case simple(SimpleCommand)
        case values(name: String, [ShellWord], body: ShellCommand)
        case selection(ShellWord, [SelectionClause])
        case redirected(ShellCommand, [Redirection])
        /// `(( … ))`.
        case arithmetic(ShellWord)
        /// The start and the step of a counting loop.
        case step(ShellWord)
        /// The test of a counting loop.
        case test(ShellWord, step: ShellWord, body: ShellCommand)
    }

    var kind: Kind
    var substitutions: [String] = []

    init(_ kind: Kind) { self.kind = kind }
}

/// A simple command after expansion.
struct ExpandedCommand: Sendable {
    var fields: [ExpandedField]
    var redirections: [ExpandedRedirection]
    /// The names that are assigned to, with what was there before.
    var assigned: [SavedVariable]
    /// The assignments as text, for `set -x`.
    var trace: [String]
    /// Arrays that are declared, by name.
    var arrays: [String: DeclaredArray] = [:]
    /// Why assignments were left out.
    var refusals: [String] = []
}

/// The elements of an array behind `declare` and its kin.
struct DeclaredArray: Sendable {
    var values: [String]
    var appends: Bool
}

/// A redirection after expansion.
struct ExpandedRedirection: Sendable {
    var descriptor: Int
    var kind: Redirection.Kind
    var target: String
}

extension Shell {
    /// Expands the words of a job, or begins the substitution that it needs first.
    mutating func expand(_ job: ExpansionJob, _ machine: inout Machine) -> Step {
        var job = job
        if variables.byteCount > ShellVariables.maximumBytes {
            machine.complain(complaint("out of memory"))
            return exit(2)
        }
        if let text = substituted {
            job.substitutions.append(text)
            substituted = nil
        } else {
            substitutionStatus = nil
        }
        var expansion = Expansion(variables, scope(machine), substitutions: job.substitutions, machine)
        do throws(ExpansionStop) {
            return try proceed(job.kind, &expansion, &machine)
        } catch {
            switch error {
            case .needs(let command):
                frames.append(.expand(job))
                return startSubstitution(command, &machine)
            case .needsProcess(let command, let isInput):
                frames.append(.expand(job))
                startProcess(command, isInput: isInput, &machine)
                return .next
            case .failed(let text), .unset(let text):
                machine.complain(complaint(text))
                status = flavour == .bash ? 1 : 2
                // What bash was told with `-c` ends like a command that it did not find.
                if case .unset = error, flavour == .bash, isCommandString, !options.exitsOnError { status = 127 }
                return options.isInteractive ? abandon() : exit(status)
            }
        }
    }

    /// Gives up the present command line.
    mutating func abandon() -> Step {
        frames.removeAll { frame in
            if case .script = frame { false } else { true }
        }
        return .next
    }

    private func scope(_ machine: Machine) -> ExpansionScope {
        ExpansionScope(
            positional: positional,
            shellName: name,
            status: status,
            pid: pid ?? 0,
            parentPID: parentPID,
            background: lastBackground,
            options: options,
            line: line,
            seconds: Int((machine.now - startedAt).nanoseconds / 1_000_000_000),
            refusesUnset: options.refusesUnset,
            home: variables["HOME"] ?? "/root",
            flavour: flavour
        )
    }

    private mutating func commit(_ expansion: Expansion, _ machine: inout Machine) {
        variables = expansion.variables
        machine.kernel.random = expansion.random
    }

    private mutating func proceed(
        _ kind: ExpansionJob.Kind,
        _ expansion: inout Expansion,
        _ machine: inout Machine
    ) throws(ExpansionStop) -> Step {
        switch kind {
        case .simple(let command):
            let expanded = try expand(command, &expansion)
            commit(expansion, &machine)
            if hasPipeStatus { setPipeStatus([status]) }
            return execute(expanded, &machine)
        case .values(let name, let words, let body):
            let fields = try expansion.fields(words)
            commit(expansion, &machine)
            let values = fields.flatMap { glob($0, &machine) }
            status = 0
            frames.append(.forEach(name: name, values: WordList(values), 0, body: body))
        case .selection(let word, let clauses):
            let subject = try expansion.text(word)
            let body = try chosen(subject, clauses, &expansion)
            commit(expansion, &machine)
            status = 0
            if let body { frames.append(.run(body)) }
        case .redirected(let command, let redirections):
            let expanded = try expand(redirections, &expansion)
            commit(expansion, &machine)
            guard let saved = redirect(expanded, &machine) else {
                status = redirectionFault
                return finishCommand()
            }
            frames += [.restore(saved), .run(command)]
        case .arithmetic(let word):
            let value = try expansion.arithmetic(word)
            commit(expansion, &machine)
            status = value != 0 ? 0 : 1
            return finishCommand()
        case .step(let word):
            _ = try expansion.arithmetic(word)
            commit(expansion, &machine)
        case .test(let word, let step, let body):
            // An empty test always holds.
            let text = try expansion.text(word)
            let isEmpty = text.utf8.allSatisfy(\.isBlank)
            var holds = isEmpty
            if !isEmpty { holds = try expansion.arithmetic(word) != 0 }
            commit(expansion, &machine)
            status = 0
            if holds { frames += [.forCount(test: word, step: step, body: body, isFirst: false), .run(body)] }
        }
        return .next
    }

    private func chosen(
        _ subject: String,
        _ clauses: [SelectionClause],
        _ expansion: inout Expansion
    ) throws(ExpansionStop) -> ShellCommand? {
        for (index, clause) in clauses.enumerated() {
            for word in clause.patterns {
                let pattern = try expansion.pattern(word)
                expansion.meter.charge(bytes: pattern.utf8.count + subject.utf8.count)
                guard ShellPattern(pattern).matches(subject, expansion.meter) else { continue }
                return .sequence(try bodies(from: index, subject, clauses, &expansion))
            }
        }
        return nil
    }

    /// The bodies of an arm and of those that `;&` and `;;&` join to it.
    private func bodies(
        from first: Int,
        _ subject: String,
        _ clauses: [SelectionClause],
        _ expansion: inout Expansion
    ) throws(ExpansionStop) -> [ShellCommand] {
        var bodies = [clauses[first].body]
        var last = clauses[first]
        for clause in clauses[(first + 1)...] {
            var matches = last.next == .body
            if last.next == .none { break }
            for word in clause.patterns where !matches {
                matches = ShellPattern(try expansion.pattern(word)).matches(subject, expansion.meter)
            }
            guard matches else { continue }
            bodies.append(clause.body)
            last = clause
        }
        return bodies
    }

    private func expand(
        _ command: SimpleCommand,
        _ expansion: inout Expansion
    ) throws(ExpansionStop) -> ExpandedCommand {
        let isTest = flavour == .bash && command.words.first?.bareText == "[["
        let fields = isTest ? try testFields(command.words, &expansion) : try expansion.fields(command.words)
        let redirections = try expand(command.redirections, &expansion)
        var arrays: [String: DeclaredArray] = [:]
        for array in command.arrays {
            let values = try expansion.fields(array.elements ?? []).map { $0.units.text }
            expansion.meter.charge(components: values.count)
            arrays[array.name] = DeclaredArray(values: values, appends: array.appends)
        }
        var assigned: [SavedVariable] = []
        var trace: [String] = []
        var refusals: [String] = []
        for assignment in command.assignments {
            if variables.isReadOnly(assignment.name) {
                let text = "\(assignment.name): \(flavour == .bash ? "readonly variable" : "is read only")"
                guard flavour == .bash, !fields.isEmpty else { throw .failed(text) }
                refusals.append(text)
                continue
            }
            assigned.append(saved(assignment.name))
            let value = try assign(assignment, &expansion)
            // The first change copies the table of the variables.
            expansion.meter.charge(components: expansion.variables.count / 4)
            if options.traces { trace.append("\(assignment.name)=\(value.isEmpty ? "" : quotedForTrace(value))") }
        }
        return ExpandedCommand(
            fields: fields,
            redirections: redirections,
            assigned: assigned,
            trace: trace,
            arrays: arrays,
            refusals: refusals
        )
    }

    /// In `[[ … ]]` nothing is split; behind `=`, `==` and `!=` stands a pattern, kept apart from text by its escapes.
    private func testFields(_ words: [ShellWord], _ expansion: inout Expansion) throws(ExpansionStop) -> [ExpandedField]
    {
        var fields: [ExpandedField] = []
        var previous = ""
        for word in words {
            let isPattern = ["=", "==", "!="].contains(previous)
            let isExpression = previous == "=~"
            var field = ExpandedField()
            let text: String
            if isPattern {
                text = try expansion.pattern(word)
            } else if isExpression {
                text = try RegularExpression.escapingQuoted(word, &expansion)
            } else {
                text = try expansion.text(word)
            }
            field.units = Array(text.utf8)
            field.pattern = field.units
            fields.append(field)
            previous = word.bareText ?? ""
        }
        return fields
    }

    private func assign(_ assignment: Assignment, _ expansion: inout Expansion) throws(ExpansionStop) -> String {
        if let words = assignment.elements {
            let values = try expansion.fields(words).map { $0.units.text }
            var elements = assignment.appends ? expansion.variables.elements(assignment.name) : [:]
            expansion.meter.charge(components: elements.count + values.count)
            let start = (elements.keys.max() ?? -1) + 1
            for (index, value) in values.enumerated() { elements[start + index] = value }
            expansion.variables.set(assignment.name, elements: elements)
            return "(" + values.joined(separator: " ") + ")"
        }
        var value = try expansion.text(assignment.value)
        if let index = assignment.index {
            let name = assignment.name
            guard let number = expansion.variables.index(try expansion.arithmetic(index), in: name) else {
                throw .failed("\(name)[\(try expansion.text(index))]: bad array subscript")
            }
            expansion.meter.charge(components: expansion.variables.elements(assignment.name).count)
            if assignment.appends { value = (expansion.variables.elements(assignment.name)[number] ?? "") + value }
            expansion.variables.set(assignment.name, at: number, value)
        } else {
            if assignment.appends { value = (expansion.variables[assignment.name] ?? "") + value }
            // What stood there before is copied.
            if assignment.appends { expansion.meter.charge(bytes: value.utf8.count) }
            expansion.variables.set(assignment.name, value)
        }
        return value
    }

    private func expand(
        _ redirections: [Redirection],
        _ expansion: inout Expansion
    ) throws(ExpansionStop) -> [ExpandedRedirection] {
        var expanded: [ExpandedRedirection] = []
        for redirection in redirections {
            var target = try expansion.text(redirection.target)
            if redirection.kind == .hereString { target += "\n" }
            expanded.append(
                ExpandedRedirection(descriptor: redirection.descriptor, kind: redirection.kind, target: target)
            )
        }
        return expanded
    }

    /// The file names that a field matches, or the field itself.
    func glob(_ field: ExpandedField, _ machine: inout Machine) -> [String] {
        guard field.hasPattern, !options.skipsPatterns else { return [field.units.text] }
        machine.spend(8)
        let names = machine.paths(matching: field.pattern.text)
        return names.isEmpty && !options.dropsUnmatched ? [field.units.text] : names
    }
}

extension Machine {
    /// The paths that one pattern may match; a pattern that matches more stays as it is.
    private static let maximumMatches = 20_000

    /// The paths that match a pattern, sorted; hidden names only where the pattern begins with a period.
    func paths(matching pattern: String) -> [String] {
        var found = [pattern.hasPrefix("/") ? "/" : ""]
        for component in pattern.split(separator: "/").map(String.init) {
            let matcher = ShellPattern(component)
            var next: [String] = []
            for path in found where next.count < Self.maximumMatches {
                let prefix = path.isEmpty || path.hasSuffix("/") ? path : path + "/"
                if matcher.isPlain {
                    let name = component.replacing("\\", with: "")
                    if node(prefix + name, follow: false) != nil { next.append(prefix + name) }
                    continue
                }
                for name in (try? names(in: path.isEmpty ? "." : path)) ?? []
                where name.hasPrefix(".") == component.hasPrefix(".") && matcher.matches(name, meter) {
                    charge(bytes: path.utf8.count + 2 * (component.utf8.count + name.utf8.count))
                    next.append(prefix + name)
                }
            }
            // More would not fit into the arguments of a program.
            if next.count >= Self.maximumMatches { return [] }
            found = next
        }
        // Behind a slash at the end there can only be directories.
        guard pattern.hasSuffix("/"), found != ["/"] else { return found }
        return found.filter { node($0)?.kind == .directory }.map { $0 + "/" }
    }
}
