// SPDX-License-Identifier: Apache-2.0
// Where in its script a command stands: whether anything follows, which decides what unknown programs stand for.

import OrderedCollections
import PodiumRuntime

extension Shell {
    /// Whether nothing is left to do once the present command has ended, other than leaving what it stands in.
    ///
    /// A program that is not simulated stands for the container there, as it does behind `exec` and in the background.
    /// The body of a loop that never ends by itself is such a place, too: `while true; do server; done`.
    var isInLastPosition: Bool {
        frames.allSatisfy { frame in
            switch frame {
            case .sequence(let commands, let index): index >= commands.count
            case .script(let script): !script.readsInput && script.parser.isAtEnd
            case .loop(let loop): !loop.isTesting && loop.isEndless
            case .function, .sourced, .restore, .restoreVariables: true
            default: false
            }
        }
    }
}

extension LoopFrame {
    /// Whether the condition is one of those that scripts write for a loop without an end.
    fileprivate var isEndless: Bool {
        var command = condition
        while true {
            switch command {
            case .sequence(let commands) where commands.count == 1: command = commands[0]
            case .pipeline(let commands, isNegated: false) where commands.count == 1: command = commands[0]
            case .simple(let simple): return simple.assignments.isEmpty && simple.words.count == 1 && isAlways(simple)
            default: return false
            }
        }
    }

    private func isAlways(_ command: SimpleCommand) -> Bool {
        switch command.words[0].bareText {
        case "true", ":": return !isUntil
        case "false": return isUntil
        default: return false
        }
    }
}

extension Machine {
    /// Remembers that something goes on when a child has ended, so that it does not stand for its container.
    mutating func markStep(_ child: Int?) {
        if let child { kernel.processes[child]?.isStep = true }
    }
}
