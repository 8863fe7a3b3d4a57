// SPDX-License-Identifier: Apache-2.0
// adduser, addgroup and their kin: what they change in /etc/passwd, /etc/group and /etc/shadow.

import PodiumMachinery

/// What a new user is to be.
private struct NewAccount {
    var name: String
    var isSystem = false
    var user: Int?
    /// A group that is there already.
    var group: String?
    var comment: String?
    var home: String?
    var shell: String?
    var makesHome = true
    var further: [String] = []
}

extension Applets {
    /// Where the numbers of users and groups begin, those of the system first.
    private static let systemNumbers = 100...999
    private static let userNumbers = 1000...59_999

    /// Writes lines to a file.
    static func write(_ machine: inout Machine, _ applet: String, _ path: String, _ lines: [String]) -> Int {
        attempt(&machine, applet, path) { machine throws(Errno) in
            try machine.replace(path, with: Array(lines.map { $0 + "\n" }.joined().utf8))
        }
    }

    // Users

    static func addUser(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(
            words,
            valued: "hgsGukU",
            long: [
                "home": "h", "gecos": "g", "comment": "g", "shell": "s", "ingroup": "G", "gid": "G", "uid": "u",
                "system": "S", "disabled-password": "D", "disabled-login": "D", "no-create-home": "H", "group": "N",
                "quiet": "q", "skel": "k",
            ]
        )
        if options.words.count == 2 { return join(&machine, "adduser", options.words[0], options.words[1]) }
        guard let name = options.words.first, options.words.count == 1, isValid(name) else {
            return usage(&machine, "adduser")
        }
        var new = NewAccount(name: name)
        new.isSystem = options.has("S")
        new.user = options["u"].flatMap { Int($0) }
        new.comment = options["g"]
        new.home = options["h"]
        new.shell = options["s"] ?? (new.isSystem ? machine.hasBusybox ? "/bin/false" : "/usr/sbin/nologin" : nil)
        new.group = options["G"] ?? (new.isSystem && !options.has("N") ? "nogroup" : nil)
        new.makesHome = !options.has("H")
        let code = add(&machine, "adduser", new)
        if code != 0 || options.has("D") || new.isSystem || !machine.hasBusybox { return code }
        machine.complain("Changing password for \(name)")
        guard case .bytes(let first) = machine.readPiece(0), case .bytes(let second) = machine.readPiece(0),
            first == second
        else {
            machine.complain("passwd: password for \(name) is unchanged")
            return 1
        }
        return setPassword(&machine, "passwd", name, first.text.trimmingNewline, isHash: false)
    }

    static func useradd(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(
            words,
            valued: "dgsGucekpKb",
            long: [
                "home-dir": "d", "home": "d", "gid": "g", "shell": "s", "groups": "G", "uid": "u", "comment": "c",
                "system": "r", "create-home": "m", "no-create-home": "M", "password": "p", "user-group": "U",
                "no-log-init": "l", "no-user-group": "N", "non-unique": "o",
            ]
        )
        guard let name = options.words.last, isValid(name) else { return usage(&machine, "useradd") }
        if machine.accounts.contains(where: { $0.name == name }) {
            machine.complain("useradd: user '\(name)' already exists")
            return 9
        }
        var new = NewAccount(name: name)
        new.isSystem = options.has("r")
        new.user = options["u"].flatMap { Int($0) }
        new.comment = options["c"] ?? ""
        new.home = options["d"]
        new.shell = options["s"] ?? "/bin/sh"
        new.group = options["g"]
        new.makesHome = options.has("m")
        new.further = options["G"]?.split(separator: ",").map(String.init) ?? []
        for group in new.further + [new.group].compactMap({ $0 }) where groupNumber(group, machine) == nil {
            machine.complain("useradd: group '\(group)' does not exist")
            return 6
        }
        let code = add(&machine, "useradd", new)
        guard code == 0, let hash = options["p"] else { return code }
        return setPassword(&machine, "useradd", name, hash, isHash: true)
    }

    private static func isValid(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix("-") && name.utf8.allSatisfy { $0.isNameUnit || "-.$".utf8.contains($0) }
    }

    private static func add(_ machine: inout Machine, _ applet: String, _ new: NewAccount) -> Int {
        let accounts = machine.accounts
        if accounts.contains(where: { $0.name == new.name }) {
            return fail(&machine, applet, "user '\(new.name)' in use")
        }
        let numbers = new.isSystem ? systemNumbers : userNumbers
        guard let user = new.user ?? numbers.first(where: { number in !accounts.contains { $0.user == number } }) else {
            return fail(&machine, applet, "no free ids")
        }
        var group = user
        if let wanted = new.group {
            guard let known = groupNumber(wanted, machine) else {
                return fail(&machine, applet, "unknown group \(wanted)")
            }
            group = known
        } else {
            let taken = machine.accountGroups
            if taken.contains(where: { $0.name == new.name }) {
                return fail(&machine, applet, "group '\(new.name)' in use")
            }
            group = taken.contains { $0.number == user } ? freeGroup(taken, numbers) : user
            let code = write(
                &machine,
                applet,
                "/etc/group",
                machine.accountLines("/etc/group") + ["\(new.name):x:\(group):"]
            )
            if code != 0 { return code }
        }
        let account = Account(
            name: new.name,
            user: user,
            group: group,
            comment: new.comment ?? (machine.hasBusybox ? "Linux User,,," : ""),
            home: new.home ?? "/home/\(new.name)",
            shell: new.shell ?? (machine.hasBusybox ? "/bin/sh" : "/bin/bash")
        )
        var code = write(&machine, applet, "/etc/passwd", machine.accountLines("/etc/passwd") + [account.line])
        if code == 0, machine.node("/etc/shadow") != nil {
            let day = machine.now.seconds / 86_400
            let lines = machine.accountLines("/etc/shadow") + ["\(new.name):!:\(day):0:99999:7:::"]
            code = write(&machine, applet, "/etc/shadow", lines)
        }
        for name in new.further where code == 0 { code = join(&machine, applet, new.name, name) }
        if code == 0, new.makesHome, machine.node(account.home) == nil {
            code = attempt(&machine, applet, account.home) { machine throws(Errno) in
                try machine.makeDirectories(account.home)
                try machine.changeNode(account.home) { node in
                    node.owner = user
                    node.group = group
                }
            }
        }
        return code
    }

    private static func freeGroup(_ groups: [AccountGroup], _ numbers: ClosedRange<Int>) -> Int {
        numbers.first { number in !groups.contains { $0.number == number } } ?? numbers.lowerBound
    }

    /// The number of a group by its name or number.
    static func groupNumber(_ name: String, _ machine: Machine) -> Int? {
        machine.accountGroups.first { $0.name == name || String($0.number) == name }?.number
    }

    /// Changes a user's line.
    static func change(
        _ machine: inout Machine,
        _ applet: String,
        _ name: String,
        _ change: (inout Account) -> Void
    ) -> Int {
        var accounts = machine.accounts
        guard let index = accounts.firstIndex(where: { $0.name == name }) else {
            let text = machine.hasBusybox ? "unknown user \(name)" : "user '\(name)' does not exist"
            return fail(&machine, applet, text)
        }
        change(&accounts[index])
        return write(&machine, applet, "/etc/passwd", accounts.map(\.line))
    }

    static func modifyUser(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(
            words,
            valued: "dgsGuceplf",
            long: [
                "home": "d", "gid": "g", "shell": "s", "groups": "G", "uid": "u", "comment": "c", "login": "l",
                "append": "a", "password": "p", "move-home": "m", "lock": "L", "unlock": "U",
            ]
        )
        guard let name = options.words.last else { return usage(&machine, "usermod") }
        let group = options["g"].flatMap { groupNumber($0, machine) }
        let code = change(&machine, "usermod", name) { account in
            if let user = options["u"].flatMap({ Int($0) }) { account.user = user }
            account.group = group ?? account.group
            account.home = options["d"] ?? account.home
            account.shell = options["s"] ?? account.shell
            account.comment = options["c"] ?? account.comment
            account.name = options["l"] ?? account.name
        }
        if code != 0 { return 6 }
        let wanted = options["G"]?.split(separator: ",").map(String.init) ?? []
        for group in wanted where groupNumber(group, machine) == nil {
            machine.complain("usermod: group '\(group)' does not exist")
            return 6
        }
        if options["G"] != nil, !options.has("a") {
            for group in machine.accountGroups where group.members.contains(name) {
                _ = part(&machine, "usermod", name, group.name)
            }
        }
        for group in wanted {
            let code = join(&machine, "usermod", name, group)
            if code != 0 { return code }
        }
        return options["p"].map { setPassword(&machine, "usermod", name, $0, isHash: true) } ?? 0
    }

    static func removeUser(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(words, long: ["remove-home": "r", "remove": "r", "force": "f"])
        let isOfBusybox = words.first?.hasSuffix("deluser") == true
        let applet = isOfBusybox ? "deluser" : "userdel"
        guard let name = options.words.first else { return usage(&machine, applet) }
        if options.words.count == 2, isOfBusybox { return part(&machine, applet, name, options.words[1]) }
        guard let account = machine.accounts.first(where: { $0.name == name }) else {
            if isOfBusybox { return fail(&machine, applet, "unknown user \(name)") }
            machine.complain("userdel: user '\(name)' does not exist")
            return 6
        }
        var code = 0
        for path in ["/etc/passwd", "/etc/shadow"] where machine.node(path) != nil {
            let kept = machine.accountLines(path).filter { !$0.hasPrefix(name + ":") }
            code = max(code, write(&machine, applet, path, kept))
        }
        let left = machine.accountGroups.filter { !($0.name == name && $0.members.allSatisfy { $0 == name }) }
        code = max(code, write(&machine, applet, left.map { ($0.name, $0.number, $0.members.filter { $0 != name }) }))
        if options.has("r"), machine.node(account.home) != nil {
            code = max(
                code,
                attempt(&machine, applet, account.home) { machine throws(Errno) in
                    try machine.remove(account.home)
                }
            )
        }
        return code
    }

    // Groups

    private static func write(
        _ machine: inout Machine,
        _ applet: String,
        _ groups: [(name: String, number: Int, members: [String])]
    ) -> Int {
        write(
            &machine,
            applet,
            "/etc/group",
            groups.map { "\($0.name):x:\($0.number):\($0.members.joined(separator: ","))" }
        )
    }

    static func addGroup(_ machine: inout Machine, _ words: [String]) -> Int {
        let isOfBusybox = words.first?.hasSuffix("addgroup") == true
        let applet = isOfBusybox ? "addgroup" : "groupadd"
        let options = AppletOptions(words, valued: "gK", long: ["gid": "g", "system": "S", "force": "f"])
        if options.words.count == 2 { return join(&machine, applet, options.words[0], options.words[1]) }
        guard let name = options.words.last, isValid(name) else { return usage(&machine, applet) }
        let groups = machine.accountGroups
        if groups.contains(where: { $0.name == name }) {
            if isOfBusybox { return fail(&machine, applet, "group '\(name)' in use") }
            if options.has("f") { return 0 }
            machine.complain("groupadd: group '\(name)' already exists")
            return 9
        }
        let given = options["g"].flatMap { Int($0) }
        if let given, groups.contains(where: { $0.number == given }), !options.has("o") {
            if isOfBusybox { return fail(&machine, applet, "gid '\(given)' in use") }
            machine.complain("groupadd: GID '\(given)' already exists")
            return 4
        }
        let isSystem = options.has("S") || options.has("r")
        let number = given ?? freeGroup(groups, isSystem ? systemNumbers : userNumbers)
        let lines = machine.accountLines("/etc/group") + ["\(name):x:\(number):"]
        return write(&machine, applet, "/etc/group", lines)
    }

    static func modifyGroup(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(words, valued: "gn", long: ["gid": "g", "new-name": "n", "non-unique": "o"])
        guard let name = options.words.last else { return usage(&machine, "groupmod") }
        guard machine.accountGroups.contains(where: { $0.name == name }) else {
            machine.complain("groupmod: group '\(name)' does not exist")
            return 6
        }
        let groups = machine.accountGroups.map { group in
            group.name == name
                ? (options["n"] ?? name, options["g"].flatMap { Int($0) } ?? group.number, group.members)
                : (group.name, group.number, group.members)
        }
        return write(&machine, "groupmod", groups)
    }

    static func removeGroup(_ machine: inout Machine, _ words: [String]) -> Int {
        let isOfBusybox = words.first?.hasSuffix("delgroup") == true
        let applet = isOfBusybox ? "delgroup" : "groupdel"
        let options = AppletOptions(words)
        guard let name = options.words.last else { return usage(&machine, applet) }
        if options.words.count == 2, isOfBusybox { return part(&machine, applet, options.words[0], name) }
        let groups = machine.accountGroups
        guard let group = groups.first(where: { $0.name == name }) else {
            if isOfBusybox { return fail(&machine, applet, "unknown group \(name)") }
            machine.complain("groupdel: group '\(name)' does not exist")
            return 6
        }
        if let user = machine.accounts.first(where: { $0.group == group.number }) {
            if isOfBusybox {
                return fail(&machine, applet, "'\(user.name)' still has '\(name)' as their primary group!")
            }
            machine.complain("groupdel: cannot remove the primary group of user '\(user.name)'")
            return 8
        }
        return write(
            &machine,
            applet,
            groups.filter { $0.name != name }.map { ($0.name, $0.number, $0.members) }
        )
    }

    /// Makes a user a member of a group.
    static func join(_ machine: inout Machine, _ applet: String, _ user: String, _ group: String) -> Int {
        membership(&machine, applet, user, group) { $0.contains(user) ? $0 : $0 + [user] }
    }

    /// Ends a user's membership of a group.
    static func part(_ machine: inout Machine, _ applet: String, _ user: String, _ group: String) -> Int {
        membership(&machine, applet, user, group) { $0.filter { $0 != user } }
    }

    private static func membership(
        _ machine: inout Machine,
        _ applet: String,
        _ user: String,
        _ group: String,
        _ change: ([String]) -> [String]
    ) -> Int {
        guard machine.accounts.contains(where: { $0.name == user }) else {
            return fail(&machine, applet, "unknown user \(user)")
        }
        guard machine.accountGroups.contains(where: { $0.name == group || String($0.number) == group }) else {
            return fail(&machine, applet, "unknown group \(group)")
        }
        let groups = machine.accountGroups.map { item in
            let isMeant = item.name == group || String(item.number) == group
            return (item.name, item.number, isMeant ? change(item.members) : item.members)
        }
        return write(&machine, applet, groups)
    }

    // Passwords

    /// Sets what `/etc/shadow` holds of a user, or `/etc/passwd` when there is none.
    static func setPassword(
        _ machine: inout Machine,
        _ applet: String,
        _ name: String,
        _ password: String,
        isHash: Bool
    ) -> Int {
        guard machine.accounts.contains(where: { $0.name == name }) else {
            return fail(&machine, applet, "unknown user \(name)")
        }
        let salt = "$6$" + randomSalt(&machine, 16)
        let hash = isHash ? password : PasswordHash.hash(password, salt, machine.meter) ?? "!"
        let hasShadow = machine.node("/etc/shadow") != nil
        let path = hasShadow ? "/etc/shadow" : "/etc/passwd"
        let day = machine.now.seconds / 86_400
        var isKnown = false
        var lines = machine.accountLines(path).map { line in
            var parts = line.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard parts[0] == name, parts.count > 2 else { return line }
            isKnown = true
            parts[1] = hash
            if hasShadow { parts[2] = String(day) }
            return parts.joined(separator: ":")
        }
        if !isKnown, hasShadow { lines.append("\(name):\(hash):\(day):0:99999:7:::") }
        return write(&machine, applet, path, lines)
    }
}
