// SPDX-License-Identifier: Apache-2.0
// The file systems of images, made once and shared by all containers.

import PodiumMachinery

/// Root file systems.
enum ImageFiles {
    /// busybox's own image.
    static let busybox = system(
        programs: ["bin": busyboxPrograms],
        directories: [
            "root", "home", "tmp", "var/spool/mail", "var/www", "usr/sbin", "usr/bin", "lib", "sys", "proc", "dev",
        ],
        links: ["sbin": "/bin"]
    )

    /// Alpine.
    static let alpine = system(
        programs: ["bin": busyboxPrograms, "sbin": ["apk"]],
        directories: standardDirectories,
        links: [:],
        files: ["etc/alpine-release": "3.20.0\n", "etc/os-release": "NAME=\"Alpine Linux\"\nID=alpine\n"]
    )

    /// Debian and whatever is not known better: with everything that is simulated.
    static let debian = system(
        programs: ["usr/bin": Applets.names.filter { $0 != "busybox" }],
        directories: standardDirectories,
        links: [
            "bin": "/usr/bin", "sbin": "/usr/bin", "usr/sbin": "/usr/bin", "usr/local/bin": "/usr/bin",
            "lib": "/usr/lib",
        ],
        files: ["etc/os-release": "NAME=\"Debian GNU/Linux\"\nID=debian\n", "etc/debian_version": "12.5\n"]
    )

    private static let standardDirectories = [
        "root", "home", "tmp", "var/log", "var/run", "var/lib", "var/cache", "var/tmp", "usr/local/bin", "usr/share",
        "usr/lib", "usr/bin", "usr/sbin", "opt", "srv", "mnt", "media", "run", "sys", "proc", "dev", "etc/ssl/certs",
    ]

    /// The applets that busybox has, simulated or not.
    private static let busyboxPrograms: [String] =
        """
        [ [[ acpid addgroup adduser adjtimex ar arch arp arping ash awk base64 basename bc blkid brctl bunzip2 \
        busybox bzcat bzip2 cal cat chgrp chmod chown chpasswd chroot cksum clear cmp comm cp cpio crond crontab cut \
        date dc dd deallocvt delgroup deluser df diff dirname dmesg dnsdomainname dos2unix du dumpkmap echo ed egrep \
        eject env ether-wake expand expr factor fallocate false fatattr fdisk fgrep find flock fold free fsck fstrim \
        fsync ftpd ftpget ftpput fuser getopt getty grep groups gunzip gzip halt hd head hexdump hostid hostname \
        httpd hush hwclock id ifconfig ifdown ifup inetd init insmod install ionice iostat ip ipaddr ipcalc ipcrm \
        ipcs iplink iproute iprule kill killall killall5 less link ln logger login logname logread losetup ls lsmod \
        lsof lspci lsusb lzcat lzma makedevs md5sum mdev mesg mkdir mkdosfs mke2fs mkfifo mknod mkpasswd mkswap \
        mktemp modinfo modprobe more mount mountpoint mpstat mt mv nameif nc netstat nice nl nmeter nohup nologin \
        nproc nslookup ntpd od paste passwd patch pgrep pidof ping ping6 pivot_root pkill pmap poweroff printenv \
        printf ps pscan pstree pwd pwdx readlink realpath reboot renice reset resize rev rm rmdir rmmod route \
        run-parts runlevel sed seq setconsole setsid sh sha1sum sha256sum sha3sum sha512sum shred shuf slattach \
        sleep sort split start-stop-daemon stat strings stty su sum svc sync sysctl syslogd tac tail tar tee telnet \
        telnetd test tftp time timeout top touch tr traceroute true truncate tty tunctl ubirename udhcpc uevent \
        umount uname unexpand uniq unix2dos unlink unlzma unshare unxz unzip uptime users usleep uudecode uuencode \
        vi vlock volname wall watch watchdog wc wget which who whoami xargs xxd xzcat yes zcat
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
