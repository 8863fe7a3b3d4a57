// SPDX-License-Identifier: Apache-2.0
// Applets for users and groups, which are lines of /etc/passwd and /etc/group.

/// A line of `/etc/passwd`.
struct Account: Hashable, Sendable {
    var name: String
    var user: Int
    var group: Int
    var home: String
    var shell: String

    var line: String { "\(name):x:\(user):\(group):Linux User,,,:\(home):\(shell)\n" }
}

extension Machine {
    private func fields(of path: String) -> [[String]] {
        guard let text = try? contents(path).text else { return [] }
        return text.split(separator: "\n").map {
            $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        }
    }

    /// The users of the container.
    var accounts: [Account] {
        fields(of: "/etc/passwd").compactMap { parts in
            guard parts.count >= 7, let user = Int(parts[2]), let group = Int(parts[3]) else { return nil }
            return Account(name: parts[0], user: user, group: group, home: parts[5], shell: parts[6])
        }
    }

    /// The groups of the container with their numbers and members.
    var accountGroups: [(name: String, number: Int, members: [String])] {
        fields(of: "/etc/group").compactMap { parts in
            guard parts.count >= 3, let number = Int(parts[2]) else { return nil }
            let members = parts.count > 3 ? parts[3].split(separator: ",").map(String.init) : []
            return (parts[0], number, members)
        }
    }

    /// What a user is called; its number when it has no name.
    func userName(_ number: Int) -> String { accounts.first { $0.user == number }?.name ?? String(number) }
    /// What a group is called; its number when it has no name.
    func groupName(_ number: Int) -> String { accountGroups.first { $0.number == number }?.name ?? String(number) }
}

extension Applets {
    static let accountApplets: [String: ImmediateApplet] = [
        "id": identity,
        "whoami": { machine, _ in
            let user = machine.container?.specification.user ?? 0
            guard let account = machine.accounts.first(where: { $0.user == user }) else {
                return fail(&machine, "whoami", "unknown uid \(user)")
            }
            machine.print(account.name + "\n")
            return 0
        },
        "groups": { machine, words in identity(&machine, ["id", "-Gn"] + words.dropFirst()) },
        "adduser": { machine, words in
            let options = AppletOptions(words, valued: "hgsGu")
            if options.words.count == 2 { return join(&machine, "adduser", options.words[0], options.words[1]) }
            return addUser(&machine, options, home: options["h"], shell: options["s"])
        },
        "useradd": { machine, words in
            addUser(&machine, AppletOptions(words, valued: "dgsGucek"), home: nil, shell: nil)
        },
        "addgroup": { machine, words in
            let options = AppletOptions(words, valued: "g")
            if options.words.count == 2 { return join(&machine, "addgroup", options.words[0], options.words[1]) }
            return addGroup(&machine, options)
        },
        "groupadd": { machine, words in addGroup(&machine, AppletOptions(words, valued: "g")) },
        "deluser": { machine, words in
            removeLine(&machine, "deluser", "/etc/passwd", AppletOptions(words).words.first ?? "", "user")
        },
        "userdel": { machine, words in
            removeLine(&machine, "userdel", "/etc/passwd", AppletOptions(words).words.first ?? "", "user")
        },
        "delgroup": { machine, words in
            removeLine(&machine, "delgroup", "/etc/group", AppletOptions(words).words.last ?? "", "group")
        },
        "groupdel": { machine, words in
            removeLine(&machine, "groupdel", "/etc/group", AppletOptions(words).words.last ?? "", "group")
        },
        "usermod": { machine, words in
            let options = AppletOptions(words, valued: "dgsGucel")
            guard let name = options.words.last else { return usage(&machine, "usermod") }
            guard let groups = options["G"] else { return doNothing(&machine, words) }
            for group in groups.split(separator: ",") {
                let code = join(&machine, "usermod", name, String(group))
                if code != 0 { return code }
            }
            return 0
        },
        "users": { _, _ in 0 },
        "who": { _, _ in 0 },
        "w": { machine, _ in
            machine.print("USER\t\tTTY\t\tIDLE\tTIME\t\t HOST\n")
            return 0
        },
        "last": { machine, _ in
            machine.print("USER       TTY            HOST               LOGIN        TIME\n")
            return 0
        },
        "logname": { machine, _ in fail(&machine, "logname", "getlogin: No such file or directory") },
        "login": { _, _ in 1 },
    ]

    private static func identity(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(words)
        var user = machine.container?.specification.user ?? 0
        var group = machine.container?.specification.group ?? 0
        if let name = options.words.first {
            guard let account = machine.accounts.first(where: { $0.name == name || String($0.user) == name }) else {
                return fail(
                    &machine,
                    "id",
                    machine.container?.flavour == .ash ? "unknown user \(name)" : "‘\(name)’: no such user"
                )
            }
            (user, group) = (account.user, account.group)
        }
        let name = machine.userName(user)
        let further = machine.accountGroups.filter { $0.members.contains(name) && $0.number != group }.map(\.number)
        let groups = [group] + further
        if options.has("u") || options.has("g") || options.has("G") {
            let numbers = options.has("u") ? [user] : options.has("g") ? [group] : groups
            let names = numbers.map { options.has("u") ? machine.userName($0) : machine.groupName($0) }
            machine.print((options.has("n") ? names : numbers.map { String($0) }).joined(separator: " ") + "\n")
            return 0
        }
        func named(_ number: Int, _ name: String) -> String { name == String(number) ? name : "\(number)(\(name))" }
        let list = groups.map { named($0, machine.groupName($0)) }.joined(separator: ",")
        machine.print("uid=\(named(user, name)) gid=\(named(group, machine.groupName(group))) groups=\(list)\n")
        return 0
    }

    /// The first number from 1000 on, or from 100 on for the system, that nobody has.
    private static func freeNumber(_ taken: [Int], isSystem: Bool) -> Int {
        let first = isSystem ? 100 : 1000
        return (first...(first + taken.count)).first { !taken.contains($0) } ?? first
    }

    private static func append(_ line: String, to path: String, _ name: String, _ machine: inout Machine) -> Int {
        let old = (try? machine.contents(path)) ?? []
        return attempt(&machine, name, path) { machine throws(Errno) in
            try machine.replace(path, with: old + Array(line.utf8))
        }
    }

    private static func addUser(
        _ machine: inout Machine,
        _ options: AppletOptions,
        home: String?,
        shell: String?
    ) -> Int {
        guard let name = options.words.last, !name.isEmpty else { return usage(&machine, "adduser") }
        if machine.accounts.contains(where: { $0.name == name }) {
            return fail(&machine, "adduser", "user '\(name)' in use")
        }
        let isSystem = options.has("S") || options.has("r") || options["system"] != nil
        let given = options["u"] ?? options["uid"]
        let user = given.flatMap { Int($0) } ?? freeNumber(machine.accounts.map(\.user), isSystem: isSystem)
        var group = user
        if let wanted = options["G"] ?? options["g"] ?? options["gid"], let known = groupNumber(wanted, machine) {
            group = known
        } else {
            let code = append("\(name):x:\(user):\n", to: "/etc/group", "adduser", &machine)
            if code != 0 { return code }
        }
        let place = home ?? options["d"] ?? options["home-dir"] ?? "/home/\(name)"
        let program = shell ?? options["s"] ?? options["shell"] ?? (isSystem ? "/bin/false" : "/bin/sh")
        let account = Account(name: name, user: user, group: group, home: place, shell: program)
        let code = append(account.line, to: "/etc/passwd", "adduser", &machine)
        let makesHome = words(options, "HM").isEmpty && (options.has("m") || !options.has("r"))
        if code == 0, makesHome, machine.node(place) == nil {
            return makeDirectories(&machine, ["mkdir", "-p", place])
        }
        return code
    }

    private static func words(_ options: AppletOptions, _ letters: String) -> [Character] {
        letters.filter { options.has($0) }
    }

    private static func groupNumber(_ name: String, _ machine: Machine) -> Int? {
        machine.accountGroups.first { $0.name == name || String($0.number) == name }?.number ?? Int(name)
    }

    private static func addGroup(_ machine: inout Machine, _ options: AppletOptions) -> Int {
        guard let name = options.words.last else { return usage(&machine, "addgroup") }
        if machine.accountGroups.contains(where: { $0.name == name }) {
            return fail(&machine, "addgroup", "group '\(name)' in use")
        }
        let isSystem = options.has("S") || options.has("r") || options["system"] != nil
        let given = (options["g"] ?? options["gid"]).flatMap { Int($0) }
        let number = given ?? freeNumber(machine.accountGroups.map(\.number), isSystem: isSystem)
        return append("\(name):x:\(number):\n", to: "/etc/group", "addgroup", &machine)
    }

    private static func join(_ machine: inout Machine, _ applet: String, _ user: String, _ group: String) -> Int {
        guard machine.accounts.contains(where: { $0.name == user }) else {
            return fail(&machine, applet, "unknown user \(user)")
        }
        guard machine.accountGroups.contains(where: { $0.name == group }) else {
            return fail(&machine, applet, "unknown group \(group)")
        }
        let lines = machine.accountGroups.map { item -> String in
            let added = item.name == group && !item.members.contains(user) ? [user] : []
            return "\(item.name):x:\(item.number):\((item.members + added).joined(separator: ","))\n"
        }
        return attempt(&machine, applet, "/etc/group") { machine throws(Errno) in
            try machine.replace("/etc/group", with: Array(lines.joined().utf8))
        }
    }

    private static func removeLine(
        _ machine: inout Machine,
        _ applet: String,
        _ path: String,
        _ name: String,
        _ kind: String
    ) -> Int {
        guard let text = try? machine.contents(path).text else { return fail(&machine, applet, path, .noEntry) }
        let lines = text.split(separator: "\n").map(String.init)
        let kept = lines.filter { !$0.hasPrefix(name + ":") }
        if kept.count == lines.count { return fail(&machine, applet, "unknown \(kind) \(name)") }
        return attempt(&machine, applet, path) { machine throws(Errno) in
            try machine.replace(path, with: Array(kept.map { $0 + "\n" }.joined().utf8))
        }
    }
}
