// SPDX-License-Identifier: Apache-2.0
// usermod, deluser, addgroup and their kin: what they change in /etc/passwd, /etc/group and /etc/shadow.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

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

    static func isValid(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix("-") && name.utf8.allSatisfy { $0.isNameUnit || "-.$".utf8.contains($0) }
    }

    /// The first number that is free; nil when there is none.
    private static func freeNumber(_ machine: Machine, _ taken: Set<Int>, isSystem: Bool) -> Int? {
        machine.charge(bytes: taken.count * 2 * MemoryLayout<Int>.size)
        return (isSystem ? systemNumbers : userNumbers).first { !taken.contains($0) }
    }

    /// The first number that no user has and, when a group is to have it too, no group.
    static func freeUser(_ machine: Machine, isSystem: Bool, forGroupToo: Bool) -> Int? {
        var taken = Set(machine.accounts.map(\.user))
        if forGroupToo { taken.formUnion(machine.accountGroups.map(\.number)) }
        return freeNumber(machine, taken, isSystem: isSystem)
    }

    /// The first number that no group has.
    static func freeGroup(_ machine: Machine, isSystem: Bool) -> Int? {
        freeNumber(machine, Set(machine.accountGroups.map(\.number)), isSystem: isSystem)
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
        var user: Int?
        if let text = options["u"] {
            guard let number = accountNumber(&machine, text, "usermod") else { return 3 }
            if !options.has("o"), machine.accounts.contains(where: { $0.user == number && $0.name != name }) {
                machine.complain("usermod: UID '\(number)' already exists")
                return 4
            }
            user = number
        }
        let group = options["g"].flatMap { groupNumber($0, machine) }
        if let text = options["g"], group == nil {
            machine.complain("usermod: group '\(text)' does not exist")
            return 6
        }
        if let new = options["l"], machine.accounts.contains(where: { $0.name == new }) {
            machine.complain("usermod: user '\(new)' already exists")
            return 9
        }
        let code = change(&machine, "usermod", name) { account in
            if let user { account.user = user }
            account.group = group ?? account.group
            account.home = options["d"] ?? account.home
            account.shell = options["s"] ?? account.shell
            account.comment = options["c"] ?? account.comment
            account.name = options["l"] ?? account.name
        }
        if code != 0 { return 6 }
        if let new = options["l"] { rename(&machine, name, new) }
        let wanted = options["G"]?.split(separator: ",").map(String.init) ?? []
        for group in wanted where groupNumber(group, machine) == nil {
            machine.complain("usermod: group '\(group)' does not exist")
            return 6
        }
        if options["G"] != nil, !options.has("a") {
            for group in machine.accountGroups where group.members.contains(options["l"] ?? name) {
                _ = part(&machine, "usermod", options["l"] ?? name, group.name)
            }
        }
        for group in wanted {
            let code = join(&machine, "usermod", options["l"] ?? name, group)
            if code != 0 { return code }
        }
        return options["p"].map { setPassword(&machine, "usermod", options["l"] ?? name, $0, isHash: true) } ?? 0
    }

    /// Lets members of groups and the line of a password have a user's new name.
    private static func rename(_ machine: inout Machine, _ old: String, _ new: String) {
        let groups = machine.accountGroups.map { group in
            (group.name, group.number, group.members.map { $0 == old ? new : $0 })
        }
        _ = write(&machine, "usermod", groups)
        guard machine.node("/etc/shadow") != nil else { return }
        let lines = machine.accountLines("/etc/shadow").map { line in
            line.hasPrefix(old + ":") ? new + line.dropFirst(old.count) : line
        }
        _ = write(&machine, "usermod", "/etc/shadow", lines)
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
        let own = machine.accountGroups.first { $0.name == name }
        // busybox: loginutils/deluser.c removes the group of the same name, unless others have it as their own
        let heir = machine.accounts.first { $0.group == own?.number }
        let isKept = heir != nil || !isOfBusybox && own?.members.contains { $0 != name } == true
        let left = machine.accountGroups.filter { $0.name != name || isKept }
        code = max(code, write(&machine, applet, left.map { ($0.name, $0.number, $0.members.filter { $0 != name }) }))
        if let heir, own != nil, isOfBusybox {
            code = fail(&machine, applet, "'\(heir.name)' still has '\(name)' as their primary group!")
        }
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
        var given: Int?
        if let text = options["g"] {
            guard let number = accountNumber(&machine, text, applet) else { return isOfBusybox ? 1 : 3 }
            given = number
        }
        if let given, groups.contains(where: { $0.number == given }), !options.has("o") {
            if isOfBusybox { return fail(&machine, applet, "gid '\(given)' in use") }
            machine.complain("groupadd: GID '\(given)' already exists")
            return 4
        }
        let isSystem = options.has("S") || options.has("r")
        guard let number = given ?? freeGroup(machine, isSystem: isSystem) else {
            return fail(&machine, applet, "no free ids")
        }
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
