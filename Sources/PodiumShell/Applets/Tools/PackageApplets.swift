// SPDX-License-Identifier: Apache-2.0
// Package managers: which programs a container has once it has installed something.

import OrderedCollections
import PodiumRuntime

extension Applets {
    static let packageApplets: [String: ImmediateApplet] = [
        "apk": { machine, words in install(&machine, words, verbs: ["add"]) },
        "apt-get": { machine, words in install(&machine, words, verbs: ["install"]) },
        "apt": { machine, words in install(&machine, words, verbs: ["install"]) },
        "yum": { machine, words in install(&machine, words, verbs: ["install", "groupinstall", "localinstall"]) },
        "dnf": { machine, words in install(&machine, words, verbs: ["install", "groupinstall", "localinstall"]) },
        "microdnf": { machine, words in install(&machine, words, verbs: ["install"]) },
        "tdnf": { machine, words in install(&machine, words, verbs: ["install"]) },
        "zypper": { machine, words in install(&machine, words, verbs: ["install", "in"]) },
    ]

    /// Packages with the programs that people install them for, by their names without versions: one line each.
    private static let packages: [String: [String]] = {
        let text = """
            postgresql-client postgresql postgresql-client-common: psql pg_isready
            mysql-client default-mysql-client mysql mysql-community-client: mysql mysqladmin
            mariadb-client mariadb mariadb-connector-c: mysql mysqladmin mariadb mariadb-admin
            redis redis-tools redis-server: redis-cli redis-server
            valkey valkey-cli valkey-tools: valkey-cli redis-cli
            mongodb-mongosh mongodb-clients mongodb-org-shell: mongosh mongo
            bind-tools bind-utils bind-dnsutils bind9-dnsutils dnsutils: dig nslookup host
            iputils iputils-ping iputils-arping inetutils-ping: ping ping6 arping
            netcat netcat-openbsd netcat-traditional nmap-ncat ncat nc: nc netcat ncat
            procps procps-ng: ps top free pgrep pkill watch uptime
            psmisc: killall pstree fuser
            iproute iproute-tc: ip ss tc
            net-tools: ifconfig netstat route arp
            iptables: iptables ip6tables iptables-save iptables-restore
            gettext gettext-base: envsubst
            openssh openssh-client openssh-clients openssh-client-default: ssh
            build-base build-essential: gcc make
            nodejs nodejs-current: node npm
            python python-minimal: python3 python
            py-pip python-pip: pip
            openjdk-jre openjdk-jdk openjdk-jre-headless openjdk-jdk-headless default-jre default-jdk: java
            java-openjdk java-openjdk-headless: java
            vim vim-enhanced vim-tiny: vi vim
            inetutils-telnet telnet busybox-extras: telnet
            xxd vim-common: xxd
            coreutils findutils util-linux grep sed gawk ca-certificates tzdata bash-completion shadow procps-dev:
            curl-dev libc6-compat gcompat musl-locales locales gnupg gnupg2 lsb-release apt-transport-https:
            """
        var packages: [String: [String]] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", omittingEmptySubsequences: false)
            let programs = parts[1].split(separator: " ").map(String.init)
            for package in parts[0].split(separator: " ") { packages[bareName(String(package))] = programs }
        }
        return packages
    }()

    /// A package's name without version, release and architecture: `postgresql16-client`, `python3.11`, `jq=1.7-r0`.
    private static func bareName(_ package: String) -> String {
        let name = package.prefix { !"=<>~@:".contains($0) }
        let parts = name.split(separator: "-").map { $0.filter { !$0.isNumber && $0 != "." } }
        return parts.filter { !$0.isEmpty }.joined(separator: "-")
    }

    /// Package managers find every package. What is installed can be run then; of a package of which nothing is known,
    /// any program may be.
    private static func install(_ machine: inout Machine, _ words: [String], verbs: Set<String>) -> Int {
        let options = AppletOptions(words, valued: "toX", long: ["virtual": "t", "repository": "X", "option": "o"])
        guard let verb = options.words.first, verbs.contains(verb) else { return 0 }
        return forEach(&machine, options.words.dropFirst().filter { !$0.contains("/") }) { machine, package in
            let name = String(package.prefix { !"=<>~@:".contains($0) })
            let isKnown = names.contains(name) || ImageSystem.isUsual(name)
            let known = packages[bareName(package)]
            if known == nil, !isKnown {
                machine.kernel.containers[machine.process.container]?.hasUnknownPackages = true
            }
            do throws(Errno) {
                let own = isKnown || known == nil ? [name] : []
                for program in own + (known ?? []) { try machine.addProgram(program) }
                return 0
            } catch {
                return fail(&machine, words.first ?? "", "\(name): can't be installed", error)
            }
        }
    }
}

extension Machine {
    /// Puts a program into the container, unless it is there.
    fileprivate mutating func addProgram(_ name: String) throws(Errno) {
        guard pathOfProgram(name, path: searchPath ?? ImageProfile.path) == nil else { return }
        let mark = FileContent(Array((ImageProfile.programMark + name).utf8))
        try makeDirectories("/usr/bin")
        try put(FileNode.file(mark, mode: 0o755, time: now), at: try locate("/usr/bin/\(name)"))
    }
}
