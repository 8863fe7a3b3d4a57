// SPDX-License-Identifier: Apache-2.0
// The kernel at one moment, with the process whose turn it is: what programs call.

import OrderedCollections
package import PodiumMachinery

/// A kernel at work: what a program can reach while it runs.
///
/// It exists for the length of one call on the sandbox. The running process stands in `process`, not in the kernel's
/// table, so that both can be changed in place.
package struct Machine {
    /// What lasts.
    package var kernel: Kernel
    /// The moment, which stays while the machine works.
    package let now: Timestamp
    /// What is around the pod.
    package let world: any PodWorld
    /// The process whose turn it is.
    package var process: Process
    /// What the running process works in its present turn.
    package let meter = WorkMeter()
    /// The budget of the running process, without its present turn.
    private var work: WorkBudget

    init(kernel: Kernel, now: Timestamp, world: any PodWorld, process: Process) {
        self.kernel = kernel
        self.now = now
        self.world = world
        self.process = process
        work = WorkBudget(now: now)
    }

    /// Calls `body` with a machine around `kernel`, and puts back what it left.
    static func use<Result>(
        _ kernel: inout Kernel,
        now: Timestamp,
        world: some PodWorld,
        _ body: (inout Machine) -> Result
    ) -> Result {
        var machine = Machine(kernel: kernel, now: now, world: world, process: .idle)
        // The machine must hold the only reference, or every change would copy.
        kernel = Kernel(kernel.configuration)
        let result = body(&machine)
        kernel = machine.kernel
        return result
    }

    /// The running process's container.
    package var container: Container? { kernel.containers[process.container] }

    /// Whether the programs of the container are GNU's.
    package var isGNU: Bool { container?.image.hasGNUTools ?? false }
    /// The user that the running process is.
    package var userID: Int { process.userID ?? container?.specification.user ?? 0 }
    /// Its group.
    package var groupID: Int { process.groupID ?? container?.specification.group ?? 0 }

    /// Counts work in steps; a simple command takes a handful.
    package func spend(_ steps: Int = 1) { meter.spend(steps) }

    /// Counts work in bytes that are read, copied or compared. Reading and writing by descriptor count by themselves.
    package func charge(bytes: Int) { meter.charge(bytes: bytes) }

    /// Counts work in files that are visited. Finding a file by its path counts by itself.
    package func charge(components: Int) { meter.charge(components: components) }

    /// Whether the running process has to give up its turn: it is killed, worked enough, or filled a pipe.
    package var mustYield: Bool {
        process.fatalSignal != nil || meter.steps >= min(WorkBudget.stepsPerSlice, work.remaining) || fullPipe() != nil
    }
}

extension Process {
    /// What stands in a machine while no process has its turn.
    static let idle = Process(
        number: 0,
        parent: nil,
        container: 0,
        pid: 0,
        program: Idle(),
        startedAt: Timestamp(nanoseconds: 0)
    )
}

/// A program that waits for ever.
struct Idle: Program {
    mutating func run(_ machine: inout Machine) -> Progress { .blocked(.forever) }
}

// Scheduling

extension Machine {
    /// Gives every process that can go on its turn, until all of them wait, or the pod has worked so much that others
    /// come first; it is due again at once then.
    mutating func runAll() {
        var left = WorkBudget.stepsPerTurn
        var progressed = true
        while progressed {
            progressed = false
            // Goes on behind the process that was last: those who began first do not keep the others from theirs.
            let numbers = kernel.processes.keys.sorted()
            let next = numbers.firstIndex { $0 > kernel.lastTurn } ?? 0
            for number in numbers[next...] + numbers[..<next] where isDue(number) {
                if left <= 0 { return keepDue(numbers) }
                kernel.lastTurn = number
                guard runSlice(of: number) else { continue }
                progressed = true
                left -= meter.steps
            }
        }
    }

    /// Lets processes whose waits are over wait no longer, so that it shows that the pod is due.
    private mutating func keepDue(_ numbers: [Int]) {
        for number in numbers where isDue(number) { kernel.processes[number]?.wait = nil }
    }

    private func isDue(_ number: Int) -> Bool {
        guard let candidate = kernel.processes[number], !candidate.isStopped else { return false }
        guard let wait = candidate.wait else { return true }
        if isOver(wait, for: candidate) { return true }
        // Who has used up its budget has to wait, signals or not.
        if case .working = wait { return false }
        return candidate.pendingSignals.count > candidate.noticedSignals
    }

    private func isOver(_ wait: Wait, for candidate: Process) -> Bool {
        switch wait {
        case .time(let moment), .working(let moment): moment <= now
        case .input(let file): kernel.isReadable(file)
        case .inputUntil(let file, let moment): moment <= now || kernel.isReadable(file)
        case .room(let pipe): (kernel.pipes[pipe]?.count ?? 0) < Pipe.capacity || kernel.pipes[pipe]?.readers == 0
        case .child: !candidate.endedChildren.isEmpty
        case .childUntil(let moment): moment <= now || !candidate.endedChildren.isEmpty
        case .fileChange(let since): kernel.fileChanges != since
        case .forever: false
        }
    }

    /// Gives a process its turn; false when it has to wait because nothing more fits into the moment.
    private mutating func runSlice(of number: Int) -> Bool {
        guard let group = kernel.processes[number]?.group else { return false }
        work = kernel.budgets[group] ?? kernel.freshBudget(of: group, now: now)
        work.advance(to: now)
        meter.reset()
        if work.isExhausted {
            kernel.budgets[group] = work
            kernel.processes[number]?.wait = .working(work.nextTurn)
            return false
        }
        // Swapped in: a second reference to what a program keeps would have every turn copy that.
        guard var other = kernel.processes.removeValue(forKey: number) else { return false }
        swap(&process, &other)
        kernel.forgetEmptiedPipes()
        process.wait = nil
        // Even a program that only waits pays for its turn, so that turns at one moment cannot go on for ever.
        spend()
        let progress = runProgram()
        checkMemory()
        settle(progress)
        process = other
        work.spend(meter.steps)
        let isLast = kernel.processes[number] == nil && !kernel.processes.values.contains { $0.group == group }
        kernel.keep(work, of: group, isOver: isLast)
        return true
    }

    private mutating func runProgram() -> Progress {
        var program: any Program = Idle()
        swap(&program, &process.program)
        let progress = program.run(&self)
        swap(&program, &process.program)
        return progress
    }

    private mutating func settle(_ progress: Progress) {
        if let signal = process.fatalSignal {
            finish(process, code: 128 + signal.number)
            return
        }
        switch progress {
        case .exited(let code):
            // The kernel keeps one byte of it, whatever a program says.
            finish(process, code: code & 0xFF)
            return
        case .replaced(let program):
            process.program = program
            process.inheritedBytes = 0
        case .blocked(let wait): process.wait = wait
        case .ready: break
        }
        if process.wait == nil, let pipe = fullPipe() {
            process.wait = .room(pipe)
        }
        process.noticedSignals = process.pendingSignals.count
        process.waitsSince = now
        kernel.processes[process.number] = process
    }
}

extension Kernel {
    /// The budget that a group of processes begins with: what the last run of its container left of its own.
    fileprivate func freshBudget(of group: Int, now: Timestamp) -> WorkBudget {
        let burst = configuration.honestWork
        if containers[group] != nil {
            return WorkBudget(now: now, burst: burst, rate: WorkBudget.commandStepsPerSecond)
        }
        if let command = processes[group]?.command, commands[command]?.options.streaming == true {
            let (burst, rate) = (WorkBudget.clientBurst, WorkBudget.clientStepsPerSecond)
            return WorkBudget(now: now, burst: burst, rate: rate, stepsPerInstant: burst)
        }
        let owner = processes[group].flatMap { containers[$0.container] }
        let left = owner.flatMap { pastBudgets[$0.specification.name] }
        return left?.forAnotherRun(now: now) ?? WorkBudget(now: now, burst: burst)
    }

    /// Keeps what is left of a budget. Commands share theirs as long as their container is there, and a container that
    /// is started again goes on with that of its last run: else a crash would be a way to more.
    fileprivate mutating func keep(_ work: WorkBudget, of group: Int, isOver: Bool) {
        budgets[group] = isOver && containers[group] == nil ? nil : work
        guard isOver, let owner = containers.values.first(where: { $0.mainProcess == group }) else { return }
        pastBudgets[owner.specification.name] = work
    }

    /// When the first of all processes goes on by itself.
    var nextWake: Timestamp? {
        processes.values.lazy.compactMap { process -> Timestamp? in
            if process.isStopped { return nil }
            // Without anything to wait for it goes on at once.
            guard let wait = process.wait else { return process.waitsSince }
            return switch wait {
            case .time(let moment), .working(let moment), .inputUntil(_, let moment), .childUntil(let moment): moment
            default: nil
            }
        }.min()
    }
}
