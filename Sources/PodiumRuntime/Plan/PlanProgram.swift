// SPDX-License-Identifier: Apache-2.0
// A container that does what its plan says.

import OrderedCollections
import PodiumMachinery

/// The process of a planned container.
struct PlanProgram: Program {
    private let attempt: PlanAttempt
    private let startedAt: Timestamp
    private var lines: ArraySlice<PlanLine>
    private var isListening = false

    init(_ attempt: PlanAttempt, startedAt: Timestamp) {
        self.attempt = attempt
        self.startedAt = startedAt
        lines = attempt.lines.sorted { $0.after < $1.after }[...]
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        machine.process.handled = [.terminate, .interrupt, .quit]
        while let line = lines.first, startedAt + line.after <= machine.now {
            machine.print(line.text + "\n")
            lines.removeFirst()
        }
        let readyAt = startedAt + (attempt.readyAfter ?? .zero)
        if !isListening, readyAt <= machine.now {
            isListening = true
            machine.answerOnExpectedPorts()
        }
        if let end = attempt.end, startedAt + end.after <= machine.now {
            machine.kernel.containers[machine.process.container]?.endReason = end.reason
            return .exited(end.code)
        }
        if !machine.process.pendingSignals.isEmpty { return .exited(attempt.stopCode ?? 0) }
        let moments = [
            lines.first.map { startedAt + $0.after }, isListening ? nil : readyAt,
            attempt.end.map { startedAt + $0.after },
        ]
        return .blocked(moments.compactMap { $0 }.min().map { .time($0) } ?? .forever)
    }
}
