// SPDX-License-Identifier: Apache-2.0
// Applets that ask the machine, or would change it, which a container may not: those that do nothing say so.

import PodiumRuntime

extension Applets {
    static let nodeApplets: [String: ImmediateApplet] = {
        var applets = askingApplets
        for name in inert { applets[name] = doNothing }
        for (name, text) in forbidden {
            applets[name] = { machine, _ in fail(&machine, name, text) }
        }
        return applets
    }()

    /// Programs whose work is not simulated: they end with 0, and an Event says that they did nothing.
    private static let inert = [
        "arping", "conntrack", "depmod", "ebtables", "ethtool", "hdparm",
        "ip6tables", "ip6tables-restore", "ip6tables-save", "ipset", "iptables", "iptables-legacy", "iptables-nft",
        "iptables-restore", "iptables-save", "ipvsadm", "losetup", "nft",
        "svc", "svok", "systemctl", "tc", "telinit",
        "tracepath", "udevadm", "update-ca-certificates", "update-rc.d", "visudo", "vlock", "watchdog",
    ]

    /// Programs that need a privilege which containers do not have, with what the kernel says to them.
    private static let forbidden: [String: String] = [
        "adjtimex": "adjtimex: Operation not permitted",
        "halt": "Operation not permitted",
        "hwclock": "can't open '/dev/misc/rtc': No such file or directory",
        "insmod": "can't insert module: Operation not permitted",
        "modprobe": "can't change directory to '/lib/modules': No such file or directory",
        "nsenter": "reassociate to namespace 'ns/mnt' failed: Operation not permitted",
        "pivot_root": "pivot_root: Operation not permitted",
        "poweroff": "Operation not permitted",
        "reboot": "Operation not permitted",
        "rmmod": "can't unload module: Operation not permitted",
        "swapoff": "swapoff: Operation not permitted",
        "swapon": "swapon: Operation not permitted",
        "switch_root": "not rootfs",
        "unshare": "unshare(0x0): Operation not permitted",
    ]

    /// A program that does nothing, and says so in an Event.
    static func doNothing(_ machine: inout Machine, _ words: [String]) -> Int {
        let name = words.first?.split(separator: "/").last.map(String.init) ?? ""
        machine.note("Program \(name) is not simulated: it ended with 0 and did nothing")
        return 0
    }

    private static let askingApplets: [String: ImmediateApplet] = [
        "hostname": { machine, words in
            let options = AppletOptions(words, valued: "F")
            let name = machine.kernel.configuration.hostname
            let domain = machine.kernel.configuration.domain
            if !options.words.isEmpty || options["F"] != nil {
                return fail(&machine, "hostname", "sethostname: Operation not permitted")
            }
            if options.has("i") || options.has("I") {
                machine.print(machine.kernel.configuration.podIP + (options.has("I") ? " \n" : "\n"))
            } else if options.has("d") || options["domain"] != nil {
                machine.print((domain ?? "") + "\n")
            } else if options.has("f") || options["fqdn"] != nil || options["long"] != nil {
                machine.print(name + (domain.map { "." + $0 } ?? "") + "\n")
            } else {
                machine.print((options.has("s") ? String(name.prefix { $0 != "." }) : name) + "\n")
            }
            return 0
        },
        "dnsdomainname": { machine, _ in
            if let domain = machine.kernel.configuration.domain { machine.print(domain + "\n") }
            return 0
        },
        "hostid": { machine, _ in
            machine.print("00000000\n")
            return 0
        },
        "uname": { machine, words in
            let options = AppletOptions(words)
            let configuration = machine.kernel.configuration
            let fields: [(Character, String)] = [
                ("s", "Linux"), ("n", configuration.hostname), ("r", NodeFacts.kernelVersion), ("v", "#1 SMP"),
                ("m", configuration.node.machine), ("o", "GNU/Linux"),
            ]
            let shown = fields.filter { options.has("a") || options.has($0.0) || options.flags.isEmpty && $0.0 == "s" }
            machine.print(shown.map(\.1).joined(separator: " ") + "\n")
            return 0
        },
        "arch": { machine, _ in
            machine.print(machine.kernel.configuration.node.machine + "\n")
            return 0
        },
        "nproc": { machine, _ in
            machine.print("\(machine.kernel.configuration.node.processors)\n")
            return 0
        },
        "free": free,
        "stty": { machine, words in
            guard machine.isTerminal(0) else {
                let isGNU = machine.container?.flavour != .ash
                let place = isGNU ? "'standard input'" : "standard input"
                return fail(&machine, "stty", "\(place): Inappropriate ioctl for device")
            }
            if words.count == 2, words[1] == "size" {
                if let size = machine.terminalSize(0) { machine.print("\(size.rows) \(size.columns)\n") }
                return 0
            }
            for word in words where word == "echo" || word == "-echo" { machine.setEcho(word == "echo", of: 0) }
            return words.count == 1 ? 0 : doNothing(&machine, words)
        },
        "clear": { machine, _ in
            machine.print("\u{1B}[H\u{1B}[J")
            return 0
        },
        "reset": { _, _ in 0 },
        "logger": { machine, words in
            // Nobody listens on /dev/log; with -s the text is shown.
            let options = AppletOptions(words, valued: "tp")
            if options.has("s") {
                machine.complain("\(options["t"] ?? "root"): \(options.words.joined(separator: " "))")
            }
            return 0
        },
        "logread": { machine, _ in fail(&machine, "logread", "can't find syslogd buffer: No such file or directory") },
        "dmesg": { machine, words in
            words.count == 1 ? fail(&machine, "dmesg", "klogctl: Operation not permitted") : 0
        },
        "sysctl": { machine, words in
            let options = AppletOptions(words, valued: "p")
            var code = 0
            for word in options.words {
                if word.contains("=") {
                    let name = String(word.prefix { $0 != "=" })
                    code = fail(&machine, "sysctl", "error setting key '\(name)': Read-only file system")
                } else if let text = try? machine.contents("/proc/sys/" + word.replacing(".", with: "/")).text {
                    let shown = text.split(separator: "\n").joined(separator: " ")
                    machine.print(options.has("n") ? shown + "\n" : "\(word) = \(shown)\n")
                } else {
                    code = fail(&machine, "sysctl", "error: '\(word)' is an unknown key")
                }
            }
            return code
        },
        "umount": { machine, words in
            var code = 0
            for path in AppletOptions(words, valued: "tO").words {
                let reason: Errno = machine.node(path) == nil ? .noEntry : .notPermitted
                code = fail(&machine, "umount", "can't unmount \(path)", reason)
            }
            return code
        },
        "vmstat": doNothing,
        "iostat": doNothing,
        "mpstat": doNothing,
    ]

    private static func free(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(words)
        let shift = options.has("g") ? 30 : options.has("m") ? 20 : options.has("b") ? 0 : 10
        let total = machine.kernel.configuration.node.memory
        let columns = [total, total / 4, total / 2, 1 << 20, total / 4, total / 4 * 3]
        func row(_ name: String, _ values: [Int]) -> String {
            PrintFormatter.padded(name, 8)
                + values.map { PrintFormatter.padded(String($0 >> shift), 12, left: false) }.joined() + "\n"
        }
        machine.print("              total        used        free      shared  buff/cache   available\n")
        machine.print(row("Mem:", columns) + row("Swap:", [0, 0, 0]))
        return 0
    }
}
