// SPDX-License-Identifier: Apache-2.0
// crond: runs the commands of crontabs at their minutes; crontab: installs and shows them.

import OrderedCollections
import PodiumMachinery
import PodiumRuntime

/// `crond` of busybox, and `cron` of Debian, which also has a table with users.
struct CronProgram: Program {
    /// Lines that are looked at.
    private static let maximumLines = 1000

    /// A command with whom it runs as and in which environment.
    private struct Job {
        var schedule: CronSchedule
        var user: String
        var environment: [EnvironmentVariable]
    }

    let words: [String]
    private var nextMinute: Timestamp?
    private var hasStarted = false
    /// Whether it runs in the background, so that what jobs print is lost.
    private var isDetached = false

    init(words: [String]) { self.words = words }

    mutating func run(_ machine: inout Machine) -> Progress {
        let isOfDebian = words.first?.hasSuffix("cron") == true
        let options = AppletOptions(words, valued: isOfDebian ? "L" : "lLdc")
        if !hasStarted {
            let folder = options["c"] ?? CrontabPlace.folder
            if !isOfDebian, machine.node(folder)?.kind != .directory {
                return .exited(Applets.fail(&machine, "crond", "can't change directory to '\(folder)'", .noEntry))
            }
            if !options.has("f"), options["d"] == nil {
                var child = CronProgram(words: words + ["-f"])
                child.isDetached = true
                return .exited(
                    machine.fork(child, arguments: machine.process.arguments, takesPlace: true) == nil ? 1 : 0
                )
            }
            hasStarted = true
            log("crond (busybox 1.36.1) started, log level \(options["l"] ?? "8")", options, &machine)
            for job in jobs(options, machine) where job.schedule.isAtStart { start(job, options, &machine) }
        }
        machine.process.endedChildren = [:]
        if let minute = nextMinute, machine.now >= minute {
            for job in jobs(options, machine) where job.schedule.matches(minute) { start(job, options, &machine) }
        }
        let next = Timestamp(seconds: (machine.now.seconds / 60 + 1) * 60)
        nextMinute = next
        return .blocked(.time(next))
    }

    private func log(_ text: String, _ options: AppletOptions, _ machine: inout Machine) {
        // A level of 9 and more leaves out what is no fault.
        guard (options["l"] ?? options["d"]).flatMap({ Int($0) }) ?? 8 <= 8 else { return }
        if options["d"] != nil {
            machine.complain("crond: " + text)
        } else if let path = options["L"], !words[0].hasSuffix("cron"), let file = try? machine.open(path, .append) {
            machine.attach(file, as: 63)
            machine.write(Array("crond: \(text)\n".utf8), to: 63)
            machine.close(63)
        }
    }

    private func jobs(_ options: AppletOptions, _ machine: Machine) -> [Job] {
        var found: [Job] = []
        func read(_ path: String, user: String?) {
            var environment: [EnvironmentVariable] = []
            for line in machine.accountLines(path).prefix(Self.maximumLines) {
                let text = String(line.drop { $0 == " " || $0 == "\t" })
                let name = text.prefix { $0.isLetter || $0 == "_" }
                if !name.isEmpty, text.dropFirst(name.count).drop(while: { $0 == " " }).first == "=" {
                    let value = text.dropFirst(name.count).drop { $0 == " " || $0 == "=" }
                    let bare =
                        value.count > 1 && value.first == "\"" && value.last == "\""
                        ? value.dropFirst().dropLast() : value
                    environment.append(EnvironmentVariable(String(name), String(bare)))
                } else if let schedule = CronSchedule(text, hasUser: user == nil) {
                    found.append(
                        Job(schedule: schedule, user: user ?? schedule.user ?? "root", environment: environment)
                    )
                }
            }
        }
        let folder = options["c"] ?? CrontabPlace.folder
        for name in (try? machine.names(in: folder)) ?? [] where !name.hasPrefix(".") {
            read("\(folder)/\(name)", user: name)
        }
        if words.first?.hasSuffix("cron") == true {
            read("/etc/crontab", user: nil)
            for name in (try? machine.names(in: "/etc/cron.d")) ?? [] { read("/etc/cron.d/\(name)", user: nil) }
        }
        return found
    }

    private func start(_ job: Job, _ options: AppletOptions, _ machine: inout Machine) {
        let account = machine.accounts.first { $0.name == job.user }
        guard account != nil || job.user == "root" else { return }
        let shell = job.environment.last { $0.name == "SHELL" }?.value ?? "/bin/sh"
        let command = [shell, "-c", job.schedule.command]
        var environment = machine.process.environment.filter {
            !["HOME", "USER", "LOGNAME", "SHELL"].contains($0.name)
        }
        environment += [
            EnvironmentVariable("HOME", account?.home ?? "/root"), EnvironmentVariable("USER", job.user),
            EnvironmentVariable("LOGNAME", job.user), EnvironmentVariable("SHELL", shell),
        ]
        for item in job.environment {
            environment.removeAll { $0.name == item.name }
            environment.append(item)
        }
        guard case .program(let program) = machine.program(for: command, path: nil, environment: environment),
            let number = machine.fork(program, arguments: command)
        else { return }
        machine.kernel.processes[number]?.environment = environment
        if let account {
            machine.kernel.processes[number]?.userID = account.user
            machine.kernel.processes[number]?.groupID = account.group
            let home = machine.node(account.home) == nil ? "/" : account.home
            machine.kernel.processes[number]?.directory = home
        }
        if isDetached { DaemonProgram.detach(number, &machine) }
        let pid = machine.kernel.processes[number]?.pid ?? 0
        let shown = PrintFormatter.padded(String(pid), 3, left: false)
        log("USER \(job.user) pid \(shown) cmd \(job.schedule.command)", options, &machine)
    }
}

/// Where crontabs are.
enum CrontabPlace {
    static let folder = "/var/spool/cron/crontabs"
}

/// `crontab`.
struct CrontabProgram: Program {
    /// The bytes of a crontab.
    private static let maximumBytes = 1 << 20

    let words: [String]
    private var input: [UInt8] = []

    init(words: [String]) { self.words = words }

    mutating func run(_ machine: inout Machine) -> Progress {
        let options = AppletOptions(words, valued: "uc")
        let folder = options["c"] ?? CrontabPlace.folder
        let user = options["u"] ?? machine.userName(machine.userID)
        if options["u"] != nil, !machine.accounts.contains(where: { $0.name == user }) {
            return .exited(Applets.fail(&machine, "crontab", "unknown user \(user)"))
        }
        if machine.node(folder)?.kind != .directory {
            if machine.hasBusybox {
                return .exited(Applets.fail(&machine, "crontab", "can't change directory to '\(folder)'", .noEntry))
            }
            let code = Applets.attempt(&machine, "crontab", folder) { machine throws(Errno) in
                try machine.makeDirectories(folder)
            }
            if code != 0 { return .exited(code) }
        }
        let path = "\(folder)/\(user)"
        if options.has("l") { return .exited(show(path, user, &machine)) }
        if options.has("r") || options.has("d") {
            // busybox says nothing when there is none.
            if machine.node(path) == nil { return .exited(machine.hasBusybox ? 0 : missing(user, &machine)) }
            return .exited(
                Applets.attempt(&machine, "crontab", path) { machine throws(Errno) in try machine.remove(path) }
            )
        }
        if options.has("e") {
            let environment = machine.process.environment
            let named = environment.last { $0.name == "VISUAL" } ?? environment.last { $0.name == "EDITOR" }
            let editor = named?.value ?? "vi"
            return machine.become(["sh", "-c", "\(editor) \(path)"], as: "crontab")
        }
        guard let source = options.words.first else {
            if machine.hasBusybox { return .exited(Applets.usage(&machine, "crontab")) }
            return read(path, &machine)
        }
        if source == "-" { return read(path, &machine) }
        do throws(Errno) { input = try machine.contents(source) } catch {
            return .exited(Applets.fail(&machine, "crontab", "can't open '\(source)'", error))
        }
        return .exited(install(path, &machine))
    }

    private mutating func read(_ path: String, _ machine: inout Machine) -> Progress {
        while true {
            switch machine.read(0) {
            case .wait(let wait): return .blocked(wait)
            case .bytes(let bytes): input += bytes.prefix(max(0, Self.maximumBytes - input.count))
            case .end, .failed: return .exited(install(path, &machine))
            }
            if machine.mustYield { return .ready }
        }
    }

    private func install(_ path: String, _ machine: inout Machine) -> Int {
        Applets.attempt(&machine, "crontab", path) { machine throws(Errno) in
            try machine.replace(path, with: input)
            try machine.changeNode(path) { $0.mode = 0o600 }
        }
    }

    private func missing(_ user: String, _ machine: inout Machine) -> Int {
        machine.complain("no crontab for \(user)")
        return 1
    }

    private func show(_ path: String, _ user: String, _ machine: inout Machine) -> Int {
        guard let bytes = try? machine.contents(path) else {
            return machine.hasBusybox
                ? Applets.fail(&machine, "crontab", "can't open '\(user)'", .noEntry) : missing(user, &machine)
        }
        machine.write(bytes, to: 1)
        return 0
    }
}
