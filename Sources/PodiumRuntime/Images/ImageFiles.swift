// SPDX-License-Identifier: Apache-2.0
// The file systems of images, made once and shared by all containers.

import PodiumMachinery
import Synchronization

/// Root file systems in which the same programs are simulated.
// State | guarded by | why separate
// trees | mutex | whichever kubelet is the first to ask for a system has it made, for all of them
final class ImageFiles: Sendable {
    private let programs: [String]
    private let trees = Mutex<[ImageSystem: FileTree]>([:])

    /// File systems that have the programs of these names.
    init(programs: [String]) { self.programs = programs }

    /// The files of a system.
    func tree(of system: ImageSystem) -> FileTree {
        if let tree = trees.withLock({ $0[system] }) { return tree }
        let made = makeTree(of: system)
        return trees.withLock { trees in
            let tree = trees[system] ?? made
            trees[system] = tree
            return tree
        }
    }

    private func makeTree(of system: ImageSystem) -> FileTree {
        switch system {
        case .full: full
        case .busybox: Self.busybox
        case .alpine, .alpineBased: Self.alpine
        case .debian: debian
        case .ubuntu: ubuntu
        case .redhat: redhat
        case .scratch: Self.scratch
        }
    }

    /// Puts the pages there that a web server brings.
    static func addPages(of server: String, port: Int?, to root: inout FileTree) {
        func write(_ path: String, _ text: String) { root.write(Array(text.utf8), at: path) }
        switch server {
        case "nginx":
            write("usr/share/nginx/html/index.html", nginxPage)
            write("usr/share/nginx/html/50x.html", nginxPage)
            write("etc/nginx/nginx.conf", "events {}\nhttp { include /etc/nginx/conf.d/*.conf; }\n")
            write(
                "etc/nginx/conf.d/default.conf",
                "server {\n    listen       \(port ?? 80);\n    location / {\n        root   /usr/share/nginx/html;\n    }\n}\n"
            )
        case "httpd-foreground":
            write("usr/local/apache2/htdocs/index.html", "<html><body><h1>It works!</h1></body></html>\n")
        default: break
        }
    }

    private static let nginxPage = """
        <!DOCTYPE html>
        <html>
        <head>
        <title>Welcome to nginx!</title>
        </head>
        <body>
        <h1>Welcome to nginx!</h1>
        </body>
        </html>

        """

    /// busybox's own image.
    private static let busybox = system(
        programs: ["bin": busyboxPrograms],
        directories: [
            "root", "home", "tmp", "var/spool/mail", "var/www", "usr/sbin", "usr/bin", "lib", "sys", "proc", "dev",
        ],
        links: ["sbin": "/bin"],
        files: SystemAccounts.busybox.files
    )

    /// Alpine.
    private static let alpine = system(
        programs: ["bin": busyboxPrograms, "sbin": ["apk"]],
        directories: standardDirectories + [
            "var/spool/cron", "etc/periodic/15min", "etc/periodic/hourly", "etc/periodic/daily",
        ],
        links: ["var/spool/cron/crontabs": "/etc/crontabs"],
        files: [
            "etc/alpine-release": "3.20.0\n", "etc/os-release": "NAME=\"Alpine Linux\"\nID=alpine\n",
            "etc/crontabs/root": alpineCrontab,
        ].merging(SystemAccounts.alpine.files) { $1 }
    )

    private static let alpineCrontab = ["15min\t*/15\t*", "hourly\t0\t*", "daily\t0\t2"].map { line in
        let parts = line.split(separator: "\t").map(String.init)
        return "\(parts[1])\t\(parts[2])\t*\t*\t*\trun-parts /etc/periodic/\(parts[0])\n"
    }
    .joined()

    /// Everything that is simulated, for images of which nothing better is known.
    private var full: FileTree {
        glibcSystem(
            without: ["busybox"],
            ["etc/os-release": "NAME=\"Debian GNU/Linux\"\nID=debian\n", "etc/debian_version": "12.5\n"]
        )
    }

    private var debian: FileTree {
        glibcSystem(
            without: ImageSystem.debian.missing,
            ["etc/os-release": "NAME=\"Debian GNU/Linux\"\nID=debian\n", "etc/debian_version": "12.5\n"]
        )
    }

    private var ubuntu: FileTree {
        glibcSystem(
            without: ImageSystem.ubuntu.missing,
            ["etc/os-release": "NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\n", "etc/debian_version": "trixie/sid\n"]
        )
    }

    private var redhat: FileTree {
        glibcSystem(
            without: ImageSystem.redhat.missing,
            ["etc/os-release": "NAME=\"Red Hat Enterprise Linux\"\nID=\"rhel\"\nID_LIKE=\"fedora\"\n"],
            .redhat
        )
    }

    /// One program and what every container has.
    private static let scratch = system(programs: [:], directories: ["tmp", "etc", "proc", "sys", "dev"], links: [:])

    private func glibcSystem(
        without missing: Set<String>,
        _ files: [String: String],
        _ accounts: SystemAccounts = .debian
    ) -> FileTree {
        Self.system(
            programs: ["usr/bin": programs.filter { !missing.contains($0) }],
            directories: Self.standardDirectories,
            links: [
                "bin": "/usr/bin", "sbin": "/usr/bin", "usr/sbin": "/usr/bin", "usr/local/bin": "/usr/bin",
                "lib": "/usr/lib",
            ],
            files: files.merging(accounts.files) { $1 }
        )
    }

    private static let standardDirectories = [
        "root", "home", "tmp", "var/log", "var/run", "var/lib", "var/cache", "var/tmp", "usr/local/bin", "usr/share",
        "usr/lib", "usr/bin", "usr/sbin", "opt", "srv", "mnt", "media", "run", "sys", "proc", "dev", "etc/ssl/certs",
    ]

    /// The applets that busybox has, simulated or not.
    private static let busyboxPrograms: [String] =
        """
        [ [[ acpid add-shell addgroup adduser adjtimex ar arch arp arping ascii ash awk base32 base64 basename bc \
        beep blkdiscard blkid blockdev bootchartd brctl bunzip2 busybox bzcat bzip2 cal cat chat chattr chgrp chmod \
        chown chpasswd chpst chroot chrt cksum clear cmp comm conspy cp cpio crc32 crond crontab cryptpw cttyhack \
        cut date dc dd deallocvt delgroup deluser depmod devmem df dhcprelay diff dirname dmesg dnsd dnsdomainname \
        dos2unix dpkg dpkg-deb du dumpkmap dumpleases echo ed egrep eject env envdir envuidgid ether-wake expand \
        expr factor fakeidentd fallocate false fatattr fbset fbsplash fdflush fdformat fdisk fgconsole fgrep find \
        findfs flock fold free freeramdisk fsck fsfreeze fstrim fsync ftpd ftpget ftpput fuser getfattr getopt getty \
        grep groups gunzip gzip halt hd hdparm head hexdump hexedit hostid hostname httpd hush hwclock i2cdetect \
        i2cdump i2cget i2cset i2ctransfer id ifconfig ifdown ifenslave ifplugd ifup inetd init insmod install ionice \
        iostat ip ipaddr ipcalc ipcrm ipcs iplink ipneigh iproute iprule iptunnel kbd_mode kill killall killall5 \
        klogd last less link linux32 linux64 linuxrc ln loadfont loadkmap logger login logname logread losetup lpd \
        lpq lpr ls lsattr lsmod lsof lspci lsscsi lsusb lzcat lzma makedevs makemime man md5sum mdev mesg microcom \
        mim mkdir mkdosfs mke2fs mkfifo mknod mkpasswd mkswap mktemp modinfo modprobe more mount mountpoint mpstat \
        mt mv nameif nanddump nandwrite nbd-client nc netstat nice nl nmeter nohup nologin nproc nsenter nslookup \
        ntpd od openvt partprobe passwd paste patch pgrep pidof ping ping6 pipe_progress pivot_root pkill pmap \
        popmaildir poweroff powertop printenv printf ps pscan pstree pwd pwdx raidautorun rdate rdev readahead \
        readlink readprofile realpath reboot reformime remove-shell renice reset resize resume rev rm rmdir rmmod \
        route rpm rpm2cpio rtcwake run-init run-parts runlevel runsv runsvdir rx script scriptreplay sed seedrng \
        sendmail seq setarch setconsole setfattr setfont setkeycodes setlogcons setpriv setserial setsid setuidgid \
        sh sha1sum sha256sum sha3sum sha512sum showkey shred shuf slattach sleep smemcap softlimit sort split \
        ssl_client start-stop-daemon stat strings stty su sulogin sum sv svc svlogd svok swapoff swapon switch_root \
        sync sysctl syslogd tac tail tar taskset tc tcpsvd tee telnet telnetd test tftp tftpd time timeout top touch \
        tr traceroute traceroute6 tree true truncate ts tty ttysize tunctl ubirename udhcpc udhcpc6 udhcpd udpsvd \
        uevent umount uname uncompress unexpand uniq unix2dos unlink unlzma unshare unxz unzip uptime users usleep \
        uudecode uuencode vconfig vi vlock volname w wall watch watchdog wc wget which who whoami whois xargs xxd xz \
        xzcat yes zcat zcip
        """
        .split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init)

    private static func system(
        programs: [String: [String]],
        directories: [String],
        links: [String: String],
        files: [String: String] = [:]
    ) -> FileTree {
        var tree = FileTree()
        let epoch = Timestamp(nanoseconds: 0)
        func insert(_ node: FileNode, _ path: String) {
            tree.root.insert(node, at: path.split(separator: "/").map(String.init)[...], time: epoch)
        }
        for directory in directories.sorted() where links[directory] == nil {
            insert(.directory(mode: directory == "tmp" ? 0o1777 : 0o755), directory)
        }
        for (directory, names) in programs {
            for name in names {
                let mark = FileContent(Array((ImageProfile.programMark + name).utf8))
                insert(.file(mark, mode: 0o755), directory + "/" + name)
            }
        }
        for (path, target) in links {
            var link = FileNode(kind: .link, mode: 0o777, time: epoch)
            link.target = target
            insert(link, path)
        }
        for name in ["null", "zero", "random", "urandom", "full", "tty"] {
            var device = FileNode(kind: .device, mode: 0o666, time: epoch)
            device.target = name == "urandom" ? "random" : name
            insert(device, "dev/" + name)
        }
        tree.write(
            Array("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n".utf8),
            at: "etc/passwd"
        )
        tree.write(Array("root:x:0:\n".utf8), at: "etc/group")
        for (path, text) in files { tree.write(Array(text.utf8), at: path) }
        return tree
    }
}
