// SPDX-License-Identifier: Apache-2.0
// adduser and useradd: a line in /etc/passwd, a group, and a home.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// What a new user is to be.
private struct NewAccount {
    var name: String
    var isSystem = false
    var user: Int?
    /// Whether the number may be another user's too.
    var sharesNumber = false
    /// A group that is there already.
    var group: String?
    var comment: String?
    var home: String?
    var shell: String?
    var makesHome = true
    /// What the home begins with.
    var skeleton: String
    var further: [String] = []
}

/// `adduser`, which asks for a password in the end.
struct AddUserProgram: Program {
    let words: [String]

    mutating func run(_ machine: inout Machine) -> Progress {
        machine.spend(4)
        let (code, name) = Applets.addUser(&machine, words)
        guard code == 0, let name else { return .exited(code) }
        return .replaced(PasswordProgram(words: ["passwd", name]))
    }
}

extension Applets {
    /// The largest number of a user or group.
    private static let maximumNumber = 256_000
    /// The files that a new home begins with at most.
    private static let maximumSkeletonFiles = 1_000

    /// The number of a user or group that a word asks for; nil when it is none, which is told.
    static func accountNumber(_ machine: inout Machine, _ text: String, _ applet: String) -> Int? {
        let isOfBusybox = machine.hasBusybox
        let isOfDigits = text.utf8.allSatisfy(\.isDigit) && !text.isEmpty
        guard isOfDigits, let number = Int(text), isOfBusybox || number < Int(UInt32.max) else {
            let kind = applet == "groupadd" ? "group" : "user"
            machine.complain("\(applet): invalid \(isOfBusybox ? "number" : "\(kind) ID") '\(text)'")
            return nil
        }
        guard isOfBusybox, number > maximumNumber else { return number }
        machine.complain("\(applet): number \(text) is not in 0..\(maximumNumber) range")
        return nil
    }

    /// Adds a user; the code, and the user's name when a password is to be asked for.
    static func addUser(_ machine: inout Machine, _ words: [String]) -> (code: Int, name: String?) {
        let options = AppletOptions(
            words,
            valued: "hgsGukU",
            long: [
                "home": "h", "gecos": "g", "comment": "g", "shell": "s", "ingroup": "G", "gid": "G", "uid": "u",
                "system": "S", "disabled-password": "D", "disabled-login": "D", "no-create-home": "H", "group": "N",
                "quiet": "q", "skel": "k",
            ]
        )
        if options.words.count == 2 { return (join(&machine, "adduser", options.words[0], options.words[1]), nil) }
        guard let name = options.words.first, options.words.count == 1, isValid(name) else {
            return (usage(&machine, "adduser"), nil)
        }
        var new = NewAccount(name: name, skeleton: options["k"] ?? "/etc/skel")
        new.isSystem = options.has("S")
        if let text = options["u"] {
            guard let number = accountNumber(&machine, text, "adduser") else { return (1, nil) }
            new.user = number
        }
        new.comment = options["g"]
        new.home = options["h"]
        new.shell = options["s"] ?? (new.isSystem ? machine.hasBusybox ? "/bin/false" : "/usr/sbin/nologin" : nil)
        new.group = options["G"] ?? (new.isSystem && !options.has("N") ? "nogroup" : nil)
        new.makesHome = !options.has("H")
        if machine.hasBusybox { new.further = [new.group].compactMap { $0 } }
        let code = add(&machine, "adduser", new)
        let asks = !options.has("D") && !new.isSystem && machine.hasBusybox
        return (code, code == 0 && asks ? name : nil)
    }

    static func useradd(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(
            words,
            valued: "dgsGucekpKb",
            long: [
                "home-dir": "d", "home": "d", "gid": "g", "shell": "s", "groups": "G", "uid": "u", "comment": "c",
                "system": "r", "create-home": "m", "no-create-home": "M", "password": "p", "user-group": "U",
                "no-log-init": "l", "no-user-group": "N", "non-unique": "o", "skel": "k",
            ]
        )
        guard let name = options.words.last else {
            _ = usage(&machine, "useradd")
            return 2
        }
        guard isValid(name) else {
            machine.complain("useradd: invalid user name '\(name)': use --badname to ignore")
            return 3
        }
        if machine.accounts.contains(where: { $0.name == name }) {
            machine.complain("useradd: user '\(name)' already exists")
            return 9
        }
        var new = NewAccount(name: name, skeleton: options["k"] ?? "/etc/skel")
        new.isSystem = options.has("r")
        new.sharesNumber = options.has("o")
        if let text = options["u"] {
            guard let number = accountNumber(&machine, text, "useradd") else { return 3 }
            new.user = number
        }
        new.comment = options["c"] ?? ""
        new.home = options["d"]
        new.shell = options["s"] ?? "/bin/sh"
        new.group = options["g"] ?? (options.has("N") ? "users" : nil)
        new.makesHome = options.has("m")
        new.further = options["G"]?.split(separator: ",").map(String.init) ?? []
        for group in new.further + [new.group].compactMap({ $0 }) where groupNumber(group, machine) == nil {
            machine.complain("useradd: group '\(group)' does not exist")
            return 6
        }
        if new.group == nil, machine.accountGroups.contains(where: { $0.name == name }) {
            machine.complain(
                "useradd: group \(name) exists - if you want to add this user to that group, use -g."
            )
            return 9
        }
        let code = add(&machine, "useradd", new)
        guard code == 0, let hash = options["p"] else { return code }
        return setPassword(&machine, "useradd", name, hash, isHash: true)
    }

    /// The number of a new user; nil, which is told, when it is another's or none is left.
    private static func number(_ machine: inout Machine, _ applet: String, _ new: NewAccount) -> Int? {
        guard let wanted = new.user else {
            let sharesWithGroup = new.group == nil && machine.hasBusybox
            let free = freeUser(machine, isSystem: new.isSystem, forGroupToo: sharesWithGroup)
            if free == nil { _ = fail(&machine, applet, machine.hasBusybox ? "no uids left" : "can't get unique UID") }
            return free
        }
        let isUser = machine.accounts.contains { $0.user == wanted }
        let isGroup = new.group == nil && machine.accountGroups.contains { $0.number == wanted }
        if isUser && !new.sharesNumber || isGroup && machine.hasBusybox {
            machine.complain(
                machine.hasBusybox ? "\(applet): uid '\(wanted)' in use" : "\(applet): UID \(wanted) is not unique"
            )
            return nil
        }
        return wanted
    }

    private static func add(_ machine: inout Machine, _ applet: String, _ new: NewAccount) -> Int {
        if machine.accounts.contains(where: { $0.name == new.name }) {
            return fail(&machine, applet, "user '\(new.name)' in use")
        }
        var group: Int?
        if let wanted = new.group {
            group = groupNumber(wanted, machine)
            if group == nil { return fail(&machine, applet, "unknown group \(wanted)") }
        }
        guard let user = number(&machine, applet, new) else { return applet == "useradd" ? 4 : 1 }
        if group == nil {
            let taken = machine.accountGroups
            if taken.contains(where: { $0.name == new.name }) {
                return fail(&machine, applet, "group '\(new.name)' in use")
            }
            let isTaken = taken.contains { $0.number == user }
            group = isTaken ? freeGroup(machine, isSystem: new.isSystem) ?? user : user
            let lines = machine.accountLines("/etc/group") + ["\(new.name):x:\(group ?? user):"]
            let code = write(&machine, applet, "/etc/group", lines)
            if code != 0 { return code }
        }
        let account = Account(
            name: new.name,
            user: user,
            group: group ?? user,
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
        return code == 0 && new.makesHome ? makeHome(&machine, applet, account, new.skeleton) : code
    }

    // busybox: loginutils/adduser.c adduser_main
    private static func makeHome(
        _ machine: inout Machine,
        _ applet: String,
        _ account: Account,
        _ skeleton: String
    ) -> Int {
        let isOfBusybox = machine.hasBusybox
        let isThere = machine.node(account.home) != nil
        // GNU's leave alone what is there.
        if isThere, !isOfBusybox { return 0 }
        return attempt(&machine, applet, account.home) { machine throws(Errno) in
            if !isThere {
                try machine.makeDirectories(account.home)
                try copySkeleton(&machine, skeleton, account)
            }
            try machine.changeNode(account.home) { node in
                (node.owner, node.group) = (account.user, account.group)
                node.mode = isOfBusybox ? 0o2755 : 0o755
            }
        }
    }

    /// Fills a new home with what all begin with, which becomes the user's.
    private static func copySkeleton(
        _ machine: inout Machine,
        _ skeleton: String,
        _ account: Account
    ) throws(Errno) {
        guard machine.node(skeleton)?.kind == .directory, !account.home.hasPrefix(skeleton) else { return }
        var folders = [""]
        var left = maximumSkeletonFiles
        while let folder = folders.popLast() {
            for name in try machine.names(in: skeleton + folder) where left > 0 {
                left -= 1
                let path = "\(folder)/\(name)"
                guard let node = machine.node(skeleton + path) else { continue }
                if node.kind == .directory {
                    try machine.makeDirectory(account.home + path, mode: node.mode)
                    folders.append(path)
                } else {
                    try machine.replace(account.home + path, with: try machine.contents(skeleton + path))
                }
                try machine.changeNode(account.home + path) { copy in
                    (copy.owner, copy.group, copy.mode) = (account.user, account.group, node.mode)
                }
            }
        }
    }
}
