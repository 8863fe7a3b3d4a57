// SPDX-License-Identifier: Apache-2.0
// su, gosu and the like, which go on as another user, and those that take passwords from standard input.

import PodiumRuntime

extension Applets {
    static let accountPrograms: [String: WaitingApplet] = [
        "su": { SuProgram(words: $0) },
        "runuser": { SuProgram(words: $0) },
        "sudo": { words in
            let options = AppletOptions(words, valued: "ugCDhprtT", stops: true, long: ["user": "u", "group": "g"])
            return IdentityProgram(name: "sudo", user: options["u"] ?? "root", group: options["g"], options.words)
        },
        "su-exec": { IdentityProgram(name: "su-exec", $0) },
        "gosu": { IdentityProgram(name: "gosu", $0) },
        "setuidgid": { IdentityProgram(name: "setuidgid", $0) },
        "chpst": { words in
            let options = AppletOptions(words, valued: "uUbenmdofptc/", stops: true)
            return IdentityProgram(name: "chpst", user: options["u"], options.words)
        },
        "setpriv": { words in
            let options = AppletOptions(
                words,
                valued: "ugGcs",
                stops: true,
                long: [
                    "reuid": "u", "regid": "g", "groups": "G", "ruid": "c", "rgid": "c", "euid": "c", "egid": "c",
                    "inh-caps": "c", "ambient-caps": "c", "bounding-set": "c", "securebits": "s",
                    "selinux-label": "s", "apparmor-profile": "s", "nnp": "n", "no-new-privs": "n", "init-groups": "i",
                    "clear-groups": "i", "keep-groups": "i", "dump": "d", "reset-env": "e", "pdeathsig": "s",
                ]
            )
            return IdentityProgram(name: "setpriv", user: options["u"], group: options["g"], options.words)
        },
        "chpasswd": { PasswordProgram(words: $0) },
        "passwd": { PasswordProgram(words: $0) },
        "adduser": { AddUserProgram(words: $0) },
    ]
}

extension Machine {
    /// The running process becomes another user; false when there is none of that name. In an image of which not
    /// everything is known, any name is taken to be one.
    mutating func become(user name: String, group: String? = nil, setsHome: Bool = true) -> Bool {
        let account = accounts.first { $0.name == name || String($0.user) == name }
        let isComplete = container?.image.isComplete ?? false
        guard let user = account?.user ?? Int(name) ?? (isComplete ? nil : Self.unknownUser) else { return false }
        var number = account?.group ?? user
        if let group {
            guard let known = Applets.groupNumber(group, self) ?? Int(group) ?? (isComplete ? nil : Self.unknownUser)
            else { return false }
            number = known
        }
        process.userID = user
        process.groupID = number
        if setsHome { setEnvironment("HOME", account?.home ?? "/") }
        return true
    }

    /// The number that a user has who is not listed in an image of which not everything is known.
    private static let unknownUser = 999

    /// Sets a variable of the running process's environment.
    mutating func setEnvironment(_ name: String, _ value: String) {
        process.environment.removeAll { $0.name == name }
        process.environment.append(EnvironmentVariable(name, value))
    }
}

/// A program that becomes a user and then the command behind its options.
struct IdentityProgram: Program {
    let name: String
    private var user: String?
    private var group: String?
    private let command: [String]

    /// A command for a user that options name.
    init(name: String, user: String?, group: String? = nil, _ command: [String]) {
        self.name = name
        self.user = user
        self.group = group
        self.command = command
    }

    /// `NAME USER:GROUP COMMAND`.
    init(name: String, _ words: [String]) {
        self.name = name
        let parts = words.dropFirst().first?.split(separator: ":", maxSplits: 1).map(String.init) ?? []
        user = parts.first ?? ""
        group = parts.count > 1 ? parts[1] : nil
        command = Array(words.dropFirst(2))
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        guard !command.isEmpty else { return .exited(Applets.usage(&machine, name)) }
        if let user, !machine.become(user: user, group: group, setsHome: name != "setpriv" && name != "chpst") {
            let text =
                name == "gosu"
                ? "error: failed switching to \"\(user)\": "
                    + "unable to find user \(user): no matching entries in passwd file"
                : "unknown user/group \(user)\(group.map { ":" + $0 } ?? "")"
            if name == "gosu" { machine.complain(text) } else { _ = Applets.fail(&machine, name, text) }
            return .exited(1)
        }
        if user == nil, let group, let number = Applets.groupNumber(group, machine) ?? Int(group) {
            machine.process.groupID = number
        }
        return machine.become(command, as: name)
    }
}

/// `su` and `runuser`.
struct SuProgram: Program {
    let words: [String]

    mutating func run(_ machine: inout Machine) -> Progress {
        let options = AppletOptions(
            words,
            valued: "csugGw",
            stops: false,
            long: ["command": "c", "shell": "s", "user": "u", "login": "l", "preserve-environment": "p", "group": "g"]
        )
        var rest = options.words[...]
        var isLogin = options.has("l")
        if rest.first == "-" {
            isLogin = true
            rest = rest.dropFirst()
        }
        if let user = options["u"] {
            guard machine.become(user: user) else { return unknown(user, &machine) }
            return machine.become(Array(rest), as: "runuser")
        }
        let name = rest.popFirst() ?? "root"
        if machine.userID != 0 {
            return .exited(
                Applets.fail(
                    &machine,
                    "su",
                    machine.hasBusybox ? "must be suid to work properly" : "Authentication failure"
                )
            )
        }
        guard machine.become(user: name) else { return unknown(name, &machine) }
        let account = machine.accounts.first { $0.name == name || String($0.user) == name }
        var shell = options["s"] ?? account?.shell ?? "/bin/sh"
        // A login shell that nobody can use is one for people who would log in.
        if options["s"] == nil, machine.hasBusybox == false, account == nil { shell = "/bin/sh" }
        if isLogin {
            let kept = machine.process.environment.filter { $0.name == "TERM" }
            machine.process.environment = kept
            machine.setEnvironment("PATH", ImageProfile.path)
            machine.setEnvironment("HOME", account?.home ?? "/")
            if let home = account?.home, machine.node(home)?.kind == .directory { machine.process.directory = home }
        }
        if isLogin || name != "root" {
            machine.setEnvironment("USER", name)
            machine.setEnvironment("LOGNAME", name)
        }
        machine.setEnvironment("SHELL", shell)
        return machine.become([shell] + (options["c"].map { ["-c", $0] } ?? []) + rest, as: "su")
    }

    private func unknown(_ name: String, _ machine: inout Machine) -> Progress {
        let text =
            machine.hasBusybox
            ? "unknown user \(name)"
            : "user \(name) does not exist or the user entry does not contain all the required fields"
        return .exited(Applets.fail(&machine, "su", text))
    }
}

/// `chpasswd` and `passwd`, which read passwords.
struct PasswordProgram: Program {
    /// The bytes of a line; a longer one is refused.
    private static let maximumLineBytes = 16 << 10

    let words: [String]
    private var line: [UInt8] = []
    private var given: [String] = []
    private var code = 0

    init(words: [String]) { self.words = words }

    private var name: String { words.first?.split(separator: "/").last.map(String.init) ?? "passwd" }

    mutating func run(_ machine: inout Machine) -> Progress {
        let options = AppletOptions(
            words,
            valued: name == "chpasswd" ? "cRsm" : "a",
            long: ["encrypted": "e", "crypt-method": "c", "md5": "m", "lock": "l", "unlock": "u", "delete": "d"]
        )
        if name == "passwd", let progress = begin(options, &machine) { return progress }
        while !machine.mustYield {
            machine.spend()
            switch machine.readPiece(0) {
            case .wait(let wait): return .blocked(wait)
            case .bytes(let bytes):
                line += bytes
                if line.count > Self.maximumLineBytes {
                    return .exited(Applets.fail(&machine, name, "line too long"))
                }
                guard line.last == 0x0A else { continue }
                let text = line.text.trimmingNewline
                line = []
                if let progress = take(text, options, &machine) { return progress }
            case .end, .failed:
                if !line.isEmpty {
                    let text = line.text
                    line = []
                    if let progress = take(text, options, &machine) { return progress }
                }
                return ended(options, &machine)
            }
        }
        return .ready
    }

    var heldBytes: Int { given.reduce(line.count) { $0 + $1.utf8.count } }

    private func account(_ options: AppletOptions, _ machine: Machine) -> String {
        options.words.first ?? machine.userName(machine.userID)
    }

    /// What `passwd` does without a new password.
    private func begin(_ options: AppletOptions, _ machine: inout Machine) -> Progress? {
        let user = account(options, machine)
        guard machine.accounts.contains(where: { $0.name == user }) else {
            return .exited(Applets.fail(&machine, "passwd", "unknown user \(user)"))
        }
        let letter: Character? = options.has("l") ? "l" : options.has("u") ? "u" : options.has("d") ? "d" : nil
        guard let letter else { return nil }
        let path = machine.node("/etc/shadow") != nil ? "/etc/shadow" : "/etc/passwd"
        let line = machine.accountLines(path).first { $0.hasPrefix(user + ":") } ?? ""
        let parts = line.split(separator: ":", omittingEmptySubsequences: false)
        let old = parts.count > 1 ? String(parts[1]) : ""
        let new = letter == "d" ? "" : letter == "l" ? "!" + old : String(old.drop { $0 == "!" })
        if letter == "l" && old.hasPrefix("!") || letter == "u" && !old.hasPrefix("!") {
            return .exited(
                Applets.fail(&machine, "passwd", "password for \(user) is already \(letter == "l" ? "" : "un")locked")
            )
        }
        let code = Applets.setPassword(&machine, "passwd", user, new, isHash: true)
        if code == 0 { machine.print("passwd: password for \(user) changed by root\n") }
        return .exited(code)
    }

    private mutating func take(_ text: String, _ options: AppletOptions, _ machine: inout Machine) -> Progress? {
        guard name == "chpasswd" else {
            given.append(text)
            guard given.count == 2 else { return nil }
            let user = account(options, machine)
            machine.complain("Changing password for \(user)")
            if given[0] != given[1] {
                machine.complain("Passwords don't match")
                return ended(options, &machine)
            }
            let code = Applets.setPassword(&machine, "passwd", user, given[0], isHash: false)
            if code == 0 { machine.print("passwd: password for \(user) changed by root\n") }
            return .exited(code)
        }
        guard let colon = text.firstIndex(of: ":") else {
            return .exited(Applets.fail(&machine, "chpasswd", "missing new password"))
        }
        let user = String(text[..<colon])
        guard machine.accounts.contains(where: { $0.name == user }) else {
            return .exited(Applets.fail(&machine, "chpasswd", "unknown user \(user)"))
        }
        let isHash = options.has("e")
        let password = String(text[text.index(after: colon)...])
        code = Applets.setPassword(&machine, "chpasswd", user, password, isHash: isHash)
        if code == 0, machine.hasBusybox { machine.complain("chpasswd: password for '\(user)' changed") }
        return code == 0 ? nil : .exited(code)
    }

    private func ended(_ options: AppletOptions, _ machine: inout Machine) -> Progress {
        if name == "chpasswd" { return .exited(code) }
        machine.complain("passwd: password for \(account(options, machine)) is unchanged")
        return .exited(1)
    }
}
