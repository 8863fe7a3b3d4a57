// SPDX-License-Identifier: Apache-2.0
// The servers of images that are known by their ports, and what their entry points want before they start them.

import PodiumMachinery

/// The server of an image that is known to be one: it answers on the image's ports, and nothing more of it is known.
struct ImageServer: Program {
    /// Words after which a server only tells something and ends.
    private static let questions: Set<String> = [
        "--help", "--version", "-h", "-v", "-V", "-version", "help", "version",
    ]

    let words: [String]
    private var hasStarted = false

    init(words: [String]) { self.words = words }

    mutating func run(_ machine: inout Machine) -> Progress {
        if machine.process.isStep { return .replaced(UnknownProgram(command: words.first ?? "")) }
        if !hasStarted {
            hasStarted = true
            if words.count == 2, Self.questions.contains(words[1]) { return .exited(0) }
            machine.process.handled = [.terminate, .interrupt, .quit]
            if let signal = machine.container?.stopSignal { machine.process.handled.insert(signal) }
            machine.answerOnExpectedPorts()
        }
        let code = machine.container?.image.facts.stopCode ?? 0
        return machine.process.pendingSignals.isEmpty ? .blocked(.forever) : .exited(code)
    }
}

extension Machine {
    /// The program of a command that is neither a file nor simulated: the server of the image, or something unknown.
    package func uninterpreted(_ command: String, _ name: String, _ words: [String]) -> any Program {
        guard let container, !container.image.servers.isEmpty else { return UnknownProgram(command: command) }
        // What the image runs without a command is its server, whatever it is called.
        let isOwn = container.specification.command.isEmpty && process.parent == 0
        return isOwn || container.image.servers.contains(name)
            ? ImageServer(words: words) : UnknownProgram(command: command)
    }

    /// What an image's entry point says instead of starting its server, because the environment lacks what it needs.
    func refusal(of words: [String]) -> (any Program)? {
        guard let image = container?.image, let need = image.facts.need, let first = words.first else { return nil }
        func isServer(_ word: String) -> Bool {
            image.servers.contains(word.split(separator: "/").last.map(String.init) ?? word)
        }
        guard isServer(first), words.dropFirst().first.map({ $0.hasPrefix("-") || isServer($0) }) ?? true else {
            return nil
        }
        let isMet = process.environment.contains { need.anyOf.contains($0.name) && !$0.value.isEmpty }
        if isMet || need.unless.map({ node($0) != nil }) == true { return nil }
        return Refusal(message: need.message)
    }
}

/// An entry point that says why it starts nothing, and ends.
private struct Refusal: Program {
    let message: String

    mutating func run(_ machine: inout Machine) -> Progress {
        machine.spend(4)
        machine.write(Array(message.utf8), to: 2)
        return .exited(1)
    }
}
