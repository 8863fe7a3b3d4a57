// SPDX-License-Identifier: Apache-2.0
// Compound commands: conditions, loops, functions, and leaving them.

import PodiumRuntime

extension Shell {
    /// Begins a command.
    mutating func run(_ command: ShellCommand, _ machine: inout Machine) -> Step {
        switch command {
        case .simple(let simple):
            line = simple.line
            frames.append(.expand(ExpansionJob(.simple(simple))))
        case .sequence(let commands): frames.append(.sequence(commands, 0))
        case .and(let left, let right): frames += [.then(right, onSuccess: true), .run(left)]
        case .or(let left, let right): frames += [.then(right, onSuccess: false), .run(left)]
        case .pipeline(let commands, let isNegated):
            if isNegated { frames.append(.negate) }
            guard commands.count == 1 else { return startPipeline(commands, &machine) }
            frames.append(.run(commands[0]))
        case .background(let command): return startBackground(command, &machine)
        case .subshell(let command): return startSubshell(command, &machine)
        case .condition(let clauses, let otherwise):
            frames += [.condition(clauses, 0, otherwise: otherwise), .run(clauses[0].condition)]
        case .loop(let condition, let body, let isUntil):
            let loop = LoopFrame(condition: condition, body: body, isUntil: isUntil)
            frames += [.loop(loop), .run(condition)]
        case .forEach(let name, let words, let body):
            if let words {
                frames.append(.expand(ExpansionJob(.values(name: name, words, body: body))))
            } else {
                status = 0
                frames.append(.forEach(name: name, values: positional, 0, body: body))
            }
        case .forCount(let start, let test, let step, let body):
            frames.append(.forCount(test: test, step: step, body: body, isFirst: true))
            frames.append(.expand(ExpansionJob(.step(start))))
        case .selection(let word, let clauses): frames.append(.expand(ExpansionJob(.selection(word, clauses))))
        case .function(let name, let function):
            functions[name] = function
            status = 0
        case .redirected(let command, let redirections):
            frames.append(.expand(ExpansionJob(.redirected(command, redirections))))
        case .arithmetic(let word): frames.append(.expand(ExpansionJob(.arithmetic(word))))
        }
        return .next
    }

    /// Goes on with a compound command after a part of it.
    mutating func control(_ frame: ShellFrame, _ machine: inout Machine) {
        switch frame {
        case .sequence(let commands, let index):
            guard index < commands.count else { return }
            if index + 1 < commands.count { frames.append(.sequence(commands, index + 1)) }
            frames.append(.run(commands[index]))
        case .then(let command, let onSuccess):
            if (status == 0) == onSuccess { frames.append(.run(command)) }
        case .negate: status = status == 0 ? 1 : 0
        case .condition(let clauses, let index, let otherwise): choose(clauses, index, otherwise)
        case .loop(let loop): turn(loop)
        case .forEach(let name, let values, let index, let body):
            guard index < values.count else { return }
            if variables.isReadOnly(name) {
                machine.complain(complaint("\(name): is read only"))
                status = flavour == .bash ? 1 : 2
                if flavour != .bash { frames.append(.exit(status)) }
                return
            }
            variables.set(name, values[index])
            frames += [.forEach(name: name, values: values, index + 1, body: body), .run(body)]
        case .forCount(let test, let step, let body, let isFirst):
            frames.append(.expand(ExpansionJob(.test(test, step: step, body: body))))
            if !isFirst { frames.append(.expand(ExpansionJob(.step(step)))) }
        default: break
        }
    }

    private mutating func choose(_ clauses: [ConditionalClause], _ index: Int, _ otherwise: ShellCommand?) {
        if status == 0 {
            frames.append(.run(clauses[index].body))
        } else if index + 1 < clauses.count {
            frames += [.condition(clauses, index + 1, otherwise: otherwise), .run(clauses[index + 1].condition)]
        } else {
            status = 0
            if let otherwise { frames.append(.run(otherwise)) }
        }
    }

    private mutating func turn(_ loop: LoopFrame) {
        var next = loop
        next.isTesting.toggle()
        if loop.isTesting {
            guard (status == 0) != loop.isUntil else {
                status = loop.status
                return
            }
            frames += [.loop(next), .run(loop.body)]
        } else {
            next.status = status
            frames += [.loop(next), .run(loop.condition)]
        }
    }

    // Leaving

    /// Undoes what a scope changed.
    mutating func leave(_ frame: ShellFrame, _ machine: inout Machine) {
        switch frame {
        case .restore(let saved): restore(saved, &machine)
        case .restoreVariables(let saved): restore(saved)
        case .function(let old, let locals, let options):
            positional = old
            // Only bash lets a function go on with the options of its caller.
            if flavour != .bash { optionPlace = options }
            restore(locals)
        case .sourced(_, let old): positional = old ?? positional
        case .trap(let old): status = old
        default: break
        }
    }

    private mutating func restore(_ saved: [SavedVariable]) {
        for variable in saved.reversed() {
            guard variable.value != nil || variable.elements != nil else {
                variables.remove(variable.name)
                continue
            }
            if let elements = variable.elements {
                variables.set(variable.name, elements: elements)
            } else {
                variables.makePlain(variable.name)
            }
            if let value = variable.value { variables.set(variable.name, value) }
            variables.export(variable.name, variable.isExported)
            variables.makeReadOnly(variable.name, variable.isReadOnly)
        }
    }

    /// `break` and `continue`: leaves loops up to the one at `level`, counted from 1.
    mutating func leaveLoops(_ level: Int, continues: Bool, _ machine: inout Machine) {
        let depth = loopDepth
        guard depth > 0 else { return }
        var rest = min(max(1, level), depth)
        while let frame = frames.popLast() {
            guard frame.isLoop else {
                leave(frame, &machine)
                continue
            }
            rest -= 1
            if rest > 0 { continue }
            if continues { frames.append(frame.atNextTurn) }
            return
        }
    }

    /// The loops around the present command, within the present function.
    var loopDepth: Int {
        var depth = 0
        for frame in frames.reversed() {
            if case .function = frame { break }
            if frame.isLoop { depth += 1 }
        }
        return depth
    }

    /// Whether a function runs.
    var isInFunction: Bool {
        frames.contains { frame in
            if case .function = frame { true } else { false }
        }
    }

    /// `return`: leaves the function or the file read with `.`; false when there is none.
    mutating func leaveFunction(_ machine: inout Machine) -> Bool {
        let isInside = frames.contains { frame in
            switch frame {
            case .function, .sourced: true
            default: false
            }
        }
        guard isInside else { return false }
        let code = status
        while let frame = frames.popLast() {
            leave(frame, &machine)
            status = code
            switch frame {
            case .function, .sourced: return true
            default: continue
            }
        }
        return true
    }

    /// `local`: remembers what a variable was before, until the function ends.
    mutating func makeLocal(_ name: String) {
        for index in frames.indices.reversed() {
            guard case .function(let positional, var locals, let options) = frames[index] else { continue }
            if !locals.contains(where: { $0.name == name }) {
                locals.append(saved(name))
                frames[index] = .function(positional: positional, locals: locals, options: options)
            }
            return
        }
    }

    /// A variable as it is now.
    func saved(_ name: String) -> SavedVariable {
        SavedVariable(
            name: name,
            value: variables[name],
            elements: variables.array(name),
            isExported: variables.isExported(name),
            isReadOnly: variables.isReadOnly(name)
        )
    }
}

extension ShellFrame {
    var isLoop: Bool {
        switch self {
        case .loop, .forEach, .forCount: true
        default: false
        }
    }

    /// The frame of a loop as it is after its body.
    var atNextTurn: ShellFrame {
        if case .loop(var loop) = self {
            loop.isTesting = false
            return .loop(loop)
        }
        return self
    }
}
