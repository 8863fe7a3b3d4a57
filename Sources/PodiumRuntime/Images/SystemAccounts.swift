// SPDX-License-Identifier: Apache-2.0
// The users and groups that the systems of images come with.

/// The users and groups of a system.
struct SystemAccounts: Sendable {
    /// A user: its name, number, group, home and shell.
    private let users: [(name: String, user: Int, group: Int, home: String, shell: String)]
    private let groups: [(name: String, number: Int)]
    private let hasShadow: Bool

    /// The files below `/etc`.
    var files: [String: String] {
        let accounts = users.map { "\($0.name):x:\($0.user):\($0.group):\($0.name):\($0.home):\($0.shell)\n" }
        var files = [
            "etc/passwd": accounts.joined(), "etc/group": groups.map { "\($0.name):x:\($0.number):\n" }.joined(),
        ]
        if hasShadow { files["etc/shadow"] = users.map { "\($0.name):*:19000:0:99999:7:::\n" }.joined() }
        return files
    }

    static let busybox = SystemAccounts(
        users: [
            ("root", 0, 0, "/root", "/bin/sh"), ("daemon", 1, 1, "/usr/sbin", "/bin/false"),
            ("bin", 2, 2, "/bin", "/bin/false"), ("sys", 3, 3, "/dev", "/bin/false"),
            ("sync", 4, 100, "/bin", "/bin/sync"), ("mail", 8, 8, "/var/spool/mail", "/bin/false"),
            ("www-data", 33, 33, "/var/www", "/bin/false"), ("operator", 37, 37, "/var", "/bin/false"),
            ("nobody", 65_534, 65_534, "/home", "/bin/false"),
        ],
        groups: [
            ("root", 0), ("daemon", 1), ("bin", 2), ("sys", 3), ("adm", 4), ("tty", 5), ("disk", 6), ("lp", 7),
            ("mail", 8), ("kmem", 9), ("wheel", 10), ("cdrom", 11), ("dialout", 18), ("floppy", 19), ("video", 28),
            ("audio", 29), ("tape", 32), ("www-data", 33), ("operator", 37), ("utmp", 43), ("plugdev", 46),
            ("staff", 50), ("lock", 54), ("netdev", 82), ("users", 100), ("nobody", 65_534),
        ],
        hasShadow: true
    )

    static let alpine = SystemAccounts(
        users: [
            ("root", 0, 0, "/root", "/bin/sh"), ("bin", 1, 1, "/bin", "/sbin/nologin"),
            ("daemon", 2, 2, "/sbin", "/sbin/nologin"), ("lp", 4, 7, "/var/spool/lpd", "/sbin/nologin"),
            ("sync", 5, 0, "/sbin", "/bin/sync"), ("mail", 8, 12, "/var/mail", "/sbin/nologin"),
            ("ftp", 21, 21, "/var/lib/ftp", "/sbin/nologin"), ("sshd", 22, 22, "/dev/null", "/sbin/nologin"),
            ("games", 35, 35, "/usr/games", "/sbin/nologin"), ("ntp", 123, 123, "/var/empty", "/sbin/nologin"),
            ("guest", 405, 100, "/dev/null", "/sbin/nologin"), ("nobody", 65_534, 65_534, "/", "/sbin/nologin"),
        ],
        groups: [
            ("root", 0), ("bin", 1), ("daemon", 2), ("sys", 3), ("adm", 4), ("tty", 5), ("disk", 6), ("lp", 7),
            ("kmem", 9), ("wheel", 10), ("floppy", 11), ("mail", 12), ("cron", 16), ("audio", 18), ("cdrom", 19),
            ("ftp", 21), ("sshd", 22), ("input", 23), ("tape", 26), ("video", 27), ("netdev", 28), ("games", 35),
            ("www-data", 82), ("users", 100), ("ntp", 123), ("utmp", 406), ("ping", 999), ("nogroup", 65_533),
            ("nobody", 65_534),
        ],
        hasShadow: true
    )

    static let debian = SystemAccounts(
        users: [
            ("root", 0, 0, "/root", "/bin/bash"), ("daemon", 1, 1, "/usr/sbin", "/usr/sbin/nologin"),
            ("bin", 2, 2, "/bin", "/usr/sbin/nologin"), ("sys", 3, 3, "/dev", "/usr/sbin/nologin"),
            ("sync", 4, 65_534, "/bin", "/bin/sync"), ("games", 5, 60, "/usr/games", "/usr/sbin/nologin"),
            ("man", 6, 12, "/var/cache/man", "/usr/sbin/nologin"), ("mail", 8, 8, "/var/mail", "/usr/sbin/nologin"),
            ("www-data", 33, 33, "/var/www", "/usr/sbin/nologin"),
            ("backup", 34, 34, "/var/backups", "/usr/sbin/nologin"),
            ("_apt", 42, 65_534, "/nonexistent", "/usr/sbin/nologin"),
            ("nobody", 65_534, 65_534, "/nonexistent", "/usr/sbin/nologin"),
        ],
        groups: [
            ("root", 0), ("daemon", 1), ("bin", 2), ("sys", 3), ("adm", 4), ("tty", 5), ("disk", 6), ("lp", 7),
            ("mail", 8), ("kmem", 15), ("sudo", 27), ("audio", 29), ("www-data", 33), ("backup", 34), ("shadow", 42),
            ("utmp", 43), ("video", 44), ("plugdev", 46), ("staff", 50), ("games", 60), ("users", 100),
            ("nogroup", 65_534),
        ],
        hasShadow: true
    )

    static let redhat = SystemAccounts(
        users: [
            ("root", 0, 0, "/root", "/bin/bash"), ("bin", 1, 1, "/bin", "/sbin/nologin"),
            ("daemon", 2, 2, "/sbin", "/sbin/nologin"), ("adm", 3, 4, "/var/adm", "/sbin/nologin"),
            ("mail", 8, 12, "/var/spool/mail", "/sbin/nologin"), ("operator", 11, 0, "/root", "/sbin/nologin"),
            ("ftp", 14, 50, "/var/ftp", "/sbin/nologin"), ("nobody", 65_534, 65_534, "/", "/sbin/nologin"),
        ],
        groups: [
            ("root", 0), ("bin", 1), ("daemon", 2), ("sys", 3), ("adm", 4), ("tty", 5), ("disk", 6), ("lp", 7),
            ("kmem", 9), ("wheel", 10), ("mail", 12), ("man", 15), ("games", 20), ("video", 39), ("ftp", 50),
            ("audio", 63), ("users", 100), ("nobody", 65_534),
        ],
        hasShadow: true
    )
}
