// SPDX-License-Identifier: Apache-2.0
// Subshells, pipelines, substitutions and background jobs.

import OrderedCollections
import PodiumMachinery
import PodiumRuntime

extension Shell {
    /// A copy of this shell that has nothing to do but `command`.
    func subshell(_ command: ShellCommand) -> Shell {
        var copy = self
        // A subshell that is a process anyway needs no further one.
        switch command {
        case .subshell(let body): copy.frames = [.run(body)]
        case .redirected(.subshell(let body), let redirections):
            copy.frames = [.run(.redirected(body.grouped, redirections))]
        default: copy.frames = [.run(command)]
        }
        copy.isCommandString = false
        copy.jobs = []
        copy.waited = [:]
        copy.ended = [:]
        copy.substituted = nil
        copy.outputProcesses = []
        copy.isTested = isTested || isTesting
        copy.options.isInteractive = false
        // Traps are the parent's business; what is ignored stays ignored.
        copy.traps = traps.filter { $0.value.isEmpty }
        return copy
    }

    private mutating func fork(
        _ command: ShellCommand,
        isSubstitution: Bool = false,
        _ machine: inout Machine
    ) -> Int? {
        machine.process.environment = variables.environment
        var child = subshell(command)
        // Only dash ends a substitution at its first error; the command around it decides in the others.
        if isSubstitution, flavour != .dash { child.options.exitsOnError = false }
        guard let number = machine.fork(child, arguments: machine.process.arguments, takesPlace: true) else {
            machine.complain(complaint("can't fork: \(Errno.again.text)"))
            status = 2
            return nil
        }
        return number
    }

    mutating func startSubshell(_ command: ShellCommand, _ machine: inout Machine) -> Step {
        guard let number = fork(command, &machine) else { return finishCommand() }
        if !isInLastPosition { machine.markStep(number) }
        frames.append(.child(number))
        return .next
    }

    mutating func startBackground(_ command: ShellCommand, _ machine: inout Machine) -> Step {
        var saved: [SavedDescriptor] = []
        if !options.isInteractive, let null = machine.kernel.open(.null) {
            saved = [SavedDescriptor(descriptor: 0, file: machine.process.files.removeValue(forKey: 0))]
            machine.attach(null, as: 0)
        }
        let number = fork(command, &machine)
        restore(saved, &machine)
        guard let number, let pid = machine.kernel.processes[number]?.pid else { return .next }
        machine.kernel.processes[number]?.ignored.formUnion([.interrupt, .quit])
        jobs.append(ShellJob(number: number, pid: pid))
        if jobs.count > Self.maximumJobs, let index = jobs.firstIndex(where: { $0.code != nil }) {
            jobs.remove(at: index)
        }
        lastBackground = pid
        status = 0
        return .next
    }

    mutating func startPipeline(_ commands: [ShellCommand], _ machine: inout Machine) -> Step {
        var numbers: [Int] = []
        var input: Int?
        for (index, command) in commands.enumerated() {
            let pipe = index + 1 < commands.count ? machine.kernel.makePipe() : nil
            var saved: [SavedDescriptor] = []
            if let input {
                saved.append(SavedDescriptor(descriptor: 0, file: machine.process.files.removeValue(forKey: 0)))
                machine.attach(input, as: 0)
            }
            if let pipe {
                saved.append(SavedDescriptor(descriptor: 1, file: machine.process.files.removeValue(forKey: 1)))
                machine.attach(pipe.writer, as: 1)
            }
            let number = fork(command, &machine)
            machine.markStep(number)
            restore(saved, &machine)
            input = pipe?.reader
            guard let number else {
                if let input { machine.kernel.dispose(input) }
                break
            }
            numbers.append(number)
        }
        frames.append(.pipeline(numbers))
        return .next
    }

    mutating func startSubstitution(_ command: ShellCommand, _ machine: inout Machine) -> Step {
        guard let pipe = machine.kernel.makePipe() else {
            substituted = ""
            return .next
        }
        let old = machine.process.files.removeValue(forKey: 1)
        machine.attach(pipe.writer, as: 1)
        let number = fork(command, isSubstitution: true, &machine)
        machine.markStep(number)
        restore([SavedDescriptor(descriptor: 1, file: old)], &machine)
        guard let number else {
            machine.kernel.dispose(pipe.reader)
            substituted = ""
            return .next
        }
        // The reader belongs to no descriptor, so that children do not inherit it.
        frames.append(.substitution(child: number, file: pipe.reader, output: []))
        return .next
    }

    /// Begins the process of `<( … )` or `>( … )`, and keeps the shell's end of its pipe at a high descriptor.
    mutating func startProcess(_ command: ShellCommand, isInput: Bool, _ machine: inout Machine) {
        substituted = "/dev/null"
        guard let pipe = machine.kernel.makePipe() else { return }
        let own = isInput ? 1 : 0
        let old = machine.process.files.removeValue(forKey: own)
        machine.attach(isInput ? pipe.writer : pipe.reader, as: own)
        let number = fork(command, isSubstitution: true, &machine)
        machine.markStep(number)
        restore([SavedDescriptor(descriptor: own, file: old)], &machine)
        let kept = isInput ? pipe.reader : pipe.writer
        guard let number else { return machine.kernel.dispose(kept) }
        nextProcessDescriptor = nextProcessDescriptor > Self.leastProcessDescriptor ? nextProcessDescriptor - 1 : 63
        machine.attach(kept, as: nextProcessDescriptor)
        if !isInput { outputProcesses.append(number) }
        substituted = "/dev/fd/\(nextProcessDescriptor)"
    }

    /// Before the shell ends: lets processes that it writes to read the rest, for a while; nil when there are none.
    mutating func waitForOutputs(_ code: Int, _ machine: inout Machine) -> Progress? {
        guard !outputProcesses.isEmpty else { return nil }
        let numbers = outputProcesses
        outputProcesses = []
        let isAny = numbers.contains { machine.kernel.processes[$0] != nil }
        guard isAny else { return nil }
        for descriptor in Array(machine.process.files.keys) { machine.close(descriptor) }
        frames = [.exit(code)]
        return .blocked(.childUntil(machine.now + Self.outputPatience))
    }

    // Waiting

    mutating func readSubstitution(_ child: Int, file: Int, output: [UInt8], _ machine: inout Machine) -> Step {
        var output = output
        while case .pipeReader(let pipe)? = machine.kernel.openFiles[file]?.target {
            switch machine.kernel.read(pipe: pipe, limit: Pipe.capacity, file: file) {
            case .bytes(let bytes):
                machine.charge(bytes: output.count + bytes.count)
                if output.count < Expansion.maximumWordBytes { output += bytes }
                continue
            case .wait(let wait):
                frames.append(.substitution(child: child, file: file, output: output))
                return .wait(wait)
            case .end, .failed: break
            }
            machine.kernel.dispose(file)
        }
        guard let code = ended.removeValue(forKey: child) else {
            frames.append(.substitution(child: child, file: file, output: output))
            return .wait(.child)
        }
        substitutionStatus = code
        while output.last == UInt8(ascii: "\n") { output.removeLast() }
        output.removeAll { $0 == 0 }
        substituted = output.text
        return .next
    }

    mutating func waitForChild(_ number: Int) -> Step {
        guard let code = ended.removeValue(forKey: number) else {
            frames.append(.child(number))
            return .wait(.child)
        }
        status = code
        return finishCommand()
    }

    mutating func waitForPipeline(_ numbers: [Int]) -> Step {
        guard numbers.allSatisfy({ ended[$0] != nil }) else {
            frames.append(.pipeline(numbers))
            return .wait(.child)
        }
        let codes = numbers.map { ended.removeValue(forKey: $0) ?? 0 }
        status = codes.last ?? 2
        if flavour == .bash { setPipeStatus(codes) }
        if options.failsPipelines { status = codes.last { $0 != 0 } ?? 0 }
        return finishCommand()
    }

    /// `wait` for the children with these numbers, or for all.
    mutating func wait(_ numbers: [Int]?) -> Step {
        let awaited = jobs.filter { numbers?.contains($0.number) ?? true }
        guard awaited.allSatisfy({ $0.code != nil }) else {
            frames.append(.wait(numbers))
            return .wait(.child)
        }
        guard let numbers else {
            status = 0
            if waited.count > Self.maximumJobs { waited = [:] }
            for job in jobs { waited[job.pid] = job.code }
            jobs = []
            return .next
        }
        status = jobs.first { $0.number == numbers.last }?.code ?? 127
        report(Set(numbers))
        return finishCommand()
    }

    /// `wait -n`: waits for the first of the children that ends.
    mutating func waitForAny(_ numbers: [Int]) -> Step {
        guard let job = jobs.first(where: { numbers.contains($0.number) && $0.code != nil }), let code = job.code else {
            frames.append(.waitForAny(numbers))
            return .wait(.child)
        }
        status = code
        report([job.number])
        return finishCommand()
    }

    private mutating func report(_ numbers: Set<Int>) {
        for index in jobs.indices where numbers.contains(jobs[index].number) { jobs[index].isReported = true }
    }

    /// Gives `PIPESTATUS` the codes of a pipeline, or of a single command.
    mutating func setPipeStatus(_ codes: [Int]) {
        let elements = Dictionary(uniqueKeysWithValues: codes.enumerated().map { ($0, String($1)) })
        variables.set("PIPESTATUS", elements: elements)
        hasPipeStatus = codes.count > 1
    }

    // Redirections

    /// Takes redirections back.
    mutating func restore(_ saved: [SavedDescriptor], _ machine: inout Machine) {
        for item in saved.reversed() {
            machine.close(item.descriptor)
            machine.process.files[item.descriptor] = item.file
        }
    }

    /// Applies redirections; nil when one of them fails, with all of them taken back and the failure told.
    mutating func redirect(_ redirections: [ExpandedRedirection], _ machine: inout Machine) -> [SavedDescriptor]? {
        var saved: [SavedDescriptor] = []
        for redirection in redirections {
            do {
                try redirect(redirection, &saved, &machine)
            } catch {
                restore(saved, &machine)
                machine.complain(complaint(describe(error, redirection)))
                return nil
            }
        }
        return saved
    }

    private func redirect(
        _ redirection: ExpandedRedirection,
        _ saved: inout [SavedDescriptor],
        _ machine: inout Machine
    ) throws(Errno) {
        var file: Int?
        let isPath = ![.hereDocument, .hereString, .duplicate].contains(redirection.kind)
        if flavour == .bash, isPath, redirection.target.hasPrefix("/dev/tcp/") {
            file = try machine.connect(redirection.target.dropFirst("/dev/tcp/".utf8.count))
            return attach(file, redirection, &saved, &machine)
        }
        switch redirection.kind {
        case .input: file = try machine.open(redirection.target, .read)
        case .output, .both:
            let mode = options.refusesClobber ? OpenMode.create : .write
            file = try machine.open(redirection.target, mode)
        case .clobber: file = try machine.open(redirection.target, .write)
        case .append, .bothAppend: file = try machine.open(redirection.target, .append)
        case .readWrite: file = try machine.open(redirection.target, .update)
        case .hereDocument, .hereString: file = machine.kernel.open(.snapshot(Array(redirection.target.utf8)))
        case .duplicate where redirection.target == "-": file = nil
        case .duplicate:
            guard let other = Int(redirection.target), let source = machine.process.files[other] else { throw .badFile }
            file = source
        }
        attach(file, redirection, &saved, &machine)
    }

    /// Puts a file at the descriptors of a redirection; without one they are closed.
    private func attach(
        _ file: Int?,
        _ redirection: ExpandedRedirection,
        _ saved: inout [SavedDescriptor],
        _ machine: inout Machine
    ) {
        let isBoth = redirection.kind == .both || redirection.kind == .bothAppend
        for descriptor in isBoth ? [1, 2] : [redirection.descriptor] {
            // What a descriptor was is kept without a copy in the table, so that children do not inherit it.
            saved.append(
                SavedDescriptor(descriptor: descriptor, file: machine.process.files.removeValue(forKey: descriptor))
            )
            if let file { machine.attach(file, as: descriptor) }
        }
    }

    private func describe(_ error: Errno, _ redirection: ExpandedRedirection) -> String {
        let target = redirection.target
        if redirection.kind == .duplicate { return "\(target): bad file descriptor" }
        switch flavour {
        case .bash:
            let isKept = error == .exists && options.refusesClobber
            return "\(target): \(isKept ? "cannot overwrite existing file" : error.text)"
        case .ash, .dash:
            let isRead = redirection.kind == .input
            let text = error == .noEntry ? (isRead ? "no such file" : "nonexistent directory") : error.text
            let verb =
                flavour == .ash ? (isRead ? "can't open" : "can't create") : (isRead ? "cannot open" : "cannot create")
            if flavour == .ash { return "\(verb) \(target): \(text)" }
            return
                "\(verb) \(target): \(error == .noEntry ? (isRead ? "No such file" : "Directory nonexistent") : error.text)"
        }
    }
}
