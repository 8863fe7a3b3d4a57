// SPDX-License-Identifier: Apache-2.0
// What a program of which nothing is known does: when it ends, what it answers, what is said of it.

import OrderedCollections
import PodiumMachinery

/// A program of which nothing is known.
///
/// Where it stands for the container itself, it does what the manifest lets expect: it ends with 0 after a second
/// where nothing else would let the pod go on, and otherwise runs and answers until it is asked to stop. As a step of
/// something else (followed by further commands, in a pipe, a substitution or a condition, as a probe) it says so and
/// ends with 0 at once, because one that ran on would only be in the way.
struct UnknownProgram: Program {
    /// How long a container runs that is meant to end.
    static let length = Duration.seconds(1)

    /// What it is called in texts: `Program java`, `Image "acme/api:1"`.
    let subject: String
    private var startedAt: Timestamp?

    /// A program that is called like this in texts.
    init(_ subject: String) { self.subject = subject }

    /// The program of a command.
    init(command: String) { self.init("Program \(command)") }

    mutating func run(_ machine: inout Machine) -> Progress {
        if machine.process.isStep {
            machine.complain("podium: \(subject) is not simulated: it ends with 0 at once")
            machine.noteUnknown(subject, "it ends with 0 at once")
            return .exited(0)
        }
        if startedAt == nil, let attempt = machine.container?.specification.imageAttempt {
            return .replaced(machine.planned(attempt))
        }
        let isMeantToEnd = machine.container?.specification.isMeantToEnd == true
        let began = startedAt ?? machine.now
        if startedAt == nil {
            startedAt = began
            machine.noteUnknown(subject, isMeantToEnd ? "it ends with 0 after a second" : "it runs until it is stopped")
            machine.process.handled = [.terminate, .interrupt, .quit]
            if let signal = machine.container?.stopSignal { machine.process.handled.insert(signal) }
            machine.answerOnExpectedPorts()
        }
        if let signal = machine.process.pendingSignals.first {
            return .exited(machine.container?.image.facts.stopCode ?? 128 + signal.number)
        }
        guard isMeantToEnd else { return .blocked(.forever) }
        let end = began + Self.length
        return machine.now < end ? .blocked(.time(end)) : .exited(0)
    }
}

extension Machine {
    /// The program of a plan that begins now in the name of the running process's container.
    mutating func planned(_ attempt: PlanAttempt) -> PlanProgram {
        let readyTime = now + (attempt.readyAfter ?? .zero)
        kernel.containers[process.container]?.readyTime = readyTime
        return PlanProgram(attempt, startedAt: now)
    }

    /// From now on the running process answers in the name of its container, on every port that is expected of it.
    mutating func answerOnExpectedPorts() {
        kernel.containers[process.container]?.answering.append(process.number)
    }

    /// Says once per container that a program is not simulated, and how to say what it does.
    fileprivate mutating func noteUnknown(_ subject: String, _ outcome: String) {
        let name = container?.specification.name ?? ""
        note(
            "\(subject) is not simulated: \(outcome). The annotation \(ContainerPlan.annotationPrefix)\(name) or a rule "
                + "for the image (/podium/v1/images) can say otherwise"
        )
    }
}
