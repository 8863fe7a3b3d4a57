// SPDX-License-Identifier: Apache-2.0
// What the systems that images are built on are like: whose programs they have, and which are missing.

extension ImageSystem {
    /// Whether its programs are all known.
    var isComplete: Bool {
        switch self {
        case .busybox, .alpine, .scratch: true
        case .full, .alpineBased, .debian, .ubuntu, .redhat: false
        }
    }

    /// Whether its programs are GNU's, whose words and codes are other than busybox's.
    var hasGNUTools: Bool {
        switch self {
        case .debian, .ubuntu, .redhat: true
        case .full, .busybox, .alpine, .alpineBased, .scratch: false
        }
    }

    /// The usual programs that it does not have: people look for them and are told so.
    var missing: Set<String> {
        switch self {
        case .full, .busybox, .alpine, .scratch: []
        case .alpineBased: Self.added.union(Self.ofRedHat).union(["apt", "apt-get", "bash", "dpkg"])
        case .debian:
            Self.added.union(Self.fromBusybox).union(Self.ofRedHat)
                .union(["ps", "top", "free", "uptime", "pgrep", "pkill", "watch"])
        case .ubuntu: Self.added.union(Self.fromBusybox).union(Self.ofRedHat)
        case .redhat: Self.added.union(Self.fromBusybox).subtracting(["curl"]).union(["apt", "apt-get"])
        }
    }

    /// Whether a package of this name is one whose program is meant when it is installed.
    package static func isUsual(_ program: String) -> Bool { added.contains(program) || fromBusybox.contains(program) }

    /// The package managers of Red Hat's systems and SUSE's.
    private static let ofRedHat: Set<String> = ["dnf", "microdnf", "tdnf", "yum", "zypper"]

    /// What only a package or the image of a program brings.
    private static let added: Set<String> = [
        "agnhost", "apache2-foreground", "aws", "curl", "dig", "docker", "gcc", "git", "go", "helm", "host",
        "httpd-foreground",
        "java", "jq", "julia", "kubectl", "make", "mariadb", "mariadb-admin", "mariadbd", "memcached", "mongo",
        "mongod", "mongosh", "mysql", "mysqladmin", "mysqld", "nginx", "nmap",
        "node", "npm", "openssl", "pg_isready", "php", "pip", "postgres", "psql", "python", "python3", "redis-cli",
        "redis-server", "rsync",
        "ruby", "ssh", "stress", "stress-ng", "strace", "sudo", "tcpdump", "valkey-cli",
    ]

    /// What busybox has, and a system without it only with packages.
    private static let fromBusybox: Set<String> = [
        "apk", "ar", "arp", "arping", "bc", "busybox", "cal", "cpio", "crond", "crontab", "dc", "ed", "fuser", "hd",
        "hexdump", "ifconfig", "ip", "killall", "less", "lsof", "nc", "netcat", "netstat", "nslookup", "patch", "ping",
        "ping6", "pstree", "route", "sha3sum", "telnet", "tftp", "traceroute", "tree", "unzip", "uudecode", "uuencode",
        "vi", "vim", "wget", "xxd",
    ]
}
