// SPDX-License-Identifier: Apache-2.0
// Applets for users and groups, which are lines of /etc/passwd, /etc/group and /etc/shadow.

import PodiumRuntime

/// A line of `/etc/passwd`.
struct Account: Hashable, Sendable {
    var name: String
    var user: Int
    var group: Int
    var comment = "Linux User,,,"
    var home: String
    var shell: String

    var line: String { "\(name):x:\(user):\(group):\(comment):\(home):\(shell)" }
}

/// A line of `/etc/group`.
struct AccountGroup: Hashable, Sendable {
    var name: String
    var number: Int
    var members: [String]
}

extension Machine {
    /// The lines of a file of accounts; none when it is missing.
    func accountLines(_ path: String) -> [String] {
        guard let text = try? contents(path).text else { return [] }
        return text.split(separator: "\n").map(String.init)
    }

    private func fields(of path: String) -> [[String]] {
        accountLines(path).map { $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init) }
    }

    /// The users of the container.
    var accounts: [Account] {
        fields(of: "/etc/passwd").compactMap { parts in
            guard parts.count >= 7, let user = Int(parts[2]), let group = Int(parts[3]) else { return nil }
            return Account(
                name: parts[0],
                user: user,
                group: group,
                comment: parts[4],
                home: parts[5],
                shell: parts[6]
            )
        }
    }

    /// The groups of the container with their numbers and members.
    var accountGroups: [AccountGroup] {
        fields(of: "/etc/group").compactMap { parts in
            guard parts.count >= 3, let number = Int(parts[2]) else { return nil }
            let members = parts.count > 3 ? parts[3].split(separator: ",").map(String.init) : []
            return AccountGroup(name: parts[0], number: number, members: members)
        }
    }

    /// What a user is called; its number when it has no name.
    func userName(_ number: Int) -> String { accounts.first { $0.user == number }?.name ?? String(number) }
    /// What a group is called; its number when it has no name.
    func groupName(_ number: Int) -> String { accountGroups.first { $0.number == number }?.name ?? String(number) }
    /// Whether the programs are busybox's.
    var hasBusybox: Bool { container?.flavour == .ash }
}

extension Applets {
    static let accountApplets: [String: ImmediateApplet] = [
        "id": identity,
        "whoami": { machine, _ in
            let user = machine.userID
            guard let account = machine.accounts.first(where: { $0.user == user }) else {
                let isGNU = !machine.hasBusybox
                return fail(&machine, "whoami", isGNU ? "cannot find name for user ID \(user)" : "unknown uid \(user)")
            }
            machine.print(account.name + "\n")
            return 0
        },
        "groups": { machine, words in
            if machine.hasBusybox || words.count < 2 { return identity(&machine, ["id", "-Gn"] + words.dropFirst()) }
            return forEach(&machine, Array(words.dropFirst())) { machine, name in
                guard machine.accounts.contains(where: { $0.name == name }) else {
                    return fail(&machine, "groups", "‘\(name)’: no such user")
                }
                machine.print("\(name) : ")
                return identity(&machine, ["id", "-Gn", name])
            }
        },
        "users": { _, _ in 0 },
        "who": { machine, words in
            if AppletOptions(words).has("H") { machine.print("USER\t\tTTY\t\tIDLE\tTIME\t\t HOST\n") }
            return 0
        },
        "w": { machine, _ in
            machine.print("USER\t\tTTY\t\tIDLE\tTIME\t\t HOST\n")
            return 0
        },
        "last": { machine, _ in
            machine.print("USER       TTY            HOST               LOGIN        TIME\n")
            return 0
        },
        "logname": { machine, _ in
            let text = machine.hasBusybox ? "getlogin: No such file or directory" : "no login name"
            return fail(&machine, "logname", text)
        },
        "login": { _, _ in 1 },
        "nologin": { machine, _ in
            machine.print("This account is not available\n")
            return 1
        },
        "useradd": useradd,
        "addgroup": addGroup,
        "groupadd": addGroup,
        "deluser": removeUser,
        "userdel": removeUser,
        "delgroup": removeGroup,
        "groupdel": removeGroup,
        "usermod": modifyUser,
        "groupmod": modifyGroup,
        "gpasswd": { machine, words in
            let options = AppletOptions(words, valued: "adAM", long: ["add": "a", "delete": "d"])
            guard let group = options.words.first else { return usage(&machine, "gpasswd") }
            if let user = options["a"] { return join(&machine, "gpasswd", user, group) }
            if let user = options["d"] { return part(&machine, "gpasswd", user, group) }
            return doNothing(&machine, words)
        },
        "add-shell": { machine, words in
            let known = machine.accountLines("/etc/shells")
            let new = words.dropFirst().filter { !known.contains($0) }
            return write(&machine, "add-shell", "/etc/shells", known + new)
        },
        "remove-shell": { machine, words in
            let kept = machine.accountLines("/etc/shells").filter { !words.dropFirst().contains($0) }
            return write(&machine, "remove-shell", "/etc/shells", kept)
        },
        "cryptpw": showHash,
        "mkpasswd": showHash,
        "chage": doNothing,
        "chsh": { machine, words in
            let options = AppletOptions(words, valued: "s", long: ["shell": "s"])
            let name = options.words.first ?? machine.userName(machine.userID)
            guard let shell = options["s"] else { return doNothing(&machine, words) }
            return change(&machine, "chsh", name) { $0.shell = shell }
        },
    ]

    private static func identity(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(
            words,
            long: ["user": "u", "group": "g", "groups": "G", "name": "n", "real": "r", "zero": "z"]
        )
        var user = machine.userID
        var group = machine.groupID
        if let name = options.words.first {
            guard let account = machine.accounts.first(where: { $0.name == name || String($0.user) == name }) else {
                return fail(&machine, "id", machine.hasBusybox ? "unknown user \(name)" : "‘\(name)’: no such user")
            }
            (user, group) = (account.user, account.group)
        }
        let name = machine.userName(user)
        // busybox's names the group of the user again when the user is listed there.
        let repeats = machine.hasBusybox && !options.words.isEmpty
        let further = machine.accountGroups.filter { $0.members.contains(name) && (repeats || $0.number != group) }
            .map(\.number)
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

    private static func showHash(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(
            words,
            valued: "PmSRa",
            long: ["method": "m", "salt": "S", "password-fd": "P", "stdin": "s", "rounds": "R"]
        )
        let name = words.first?.split(separator: "/").last.map(String.init) ?? ""
        var given = options.words
        var password = given.isEmpty ? "" : given.removeFirst()
        if options.words.isEmpty {
            let descriptor = options["P"].flatMap { Int($0) } ?? 0
            guard case .bytes(let bytes) = machine.readPiece(descriptor) else { return 1 }
            password = bytes.text.trimmingNewline
        }
        let kind = options["m"] ?? options["a"] ?? (machine.hasBusybox ? "md5" : "sha512")
        guard let method = PasswordHash.method(kind, isOfBusybox: machine.hasBusybox) else {
            machine.note("Program \(name) is not simulated with the method \(kind)")
            return fail(&machine, name, "bad salt")
        }
        let salt = options["S"] ?? given.first ?? randomSalt(&machine, method.saltLength)
        if PasswordHash.hasTooManyRounds(salt) {
            machine.note("Program \(name) is not simulated with so many rounds: \(salt)")
            return fail(&machine, name, "too many rounds")
        }
        guard let hash = PasswordHash.hash(password, method.prefix + salt, machine.meter) else {
            return fail(&machine, name, "bad salt")
        }
        machine.print(hash + "\n")
        return 0
    }

    /// Letters for a salt.
    static func randomSalt(_ machine: inout Machine, _ length: Int) -> String {
        (0..<length).map { _ in PasswordHash.letters[Int(machine.kernel.nextRandom() >> 58)] }.text
    }
}

extension String {
    /// Without a newline at its end.
    var trimmingNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}
