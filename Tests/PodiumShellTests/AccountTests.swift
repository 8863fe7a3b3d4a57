// SPDX-License-Identifier: Apache-2.0
// What adduser, useradd, deluser and their kin do to the files of accounts, and what they refuse.

import PodiumSandboxTesting
import Testing

@Suite struct AccountTests {
    private func check(_ item: ScriptCase, image: String) throws {
        let result = try ScriptResult("{ \(item.script); } 2>&1", image: image)
        #expect(result.output == item.output)
        #expect(result.code == item.code)
    }

    @Test(arguments: [
        ScriptCase(
            "addgroup -S app; adduser -SDH -G app app; id app; grep ^app: /etc/group",
            "uid=100(app) gid=101(app) groups=101(app),101(app)\napp:x:101:app\n"
        ),
        ScriptCase(
            "adduser -D -u 1000 a; adduser -D -u 1000 b; echo $?; adduser -D b; id -u b",
            "adduser: uid '1000' in use\n1\n1001\n"
        ),
        ScriptCase("adduser -D -u x a", "adduser: invalid number 'x'\n", code: 1),
        ScriptCase("adduser -D -u 300000 a", "adduser: number 300000 is not in 0..256000 range\n", code: 1),
        ScriptCase("addgroup -g x a", "addgroup: invalid number 'x'\n", code: 1),
        // A new user's own group is to have the same number.
        ScriptCase("addgroup -g 1000 ops; adduser -D a; id a", "uid=1001(a) gid=1001(a) groups=1001(a)\n"),
        ScriptCase("adduser -D -u 1000 -G users a; addgroup ops; grep ^ops: /etc/group", "ops:x:1000:\n"),
        ScriptCase(
            "mkdir -p /etc/skel/d; echo hi > /etc/skel/.profile; adduser -D a; stat -c '%a %u %n' /home/a /home/a/.profile",
            "2755 1000 /home/a\n644 1000 /home/a/.profile\n"
        ),
        ScriptCase("mkdir /data; adduser -D -h /data a; stat -c '%a %u %g' /data", "2755 1000 1000\n"),
        ScriptCase(
            "adduser -D a; adduser -D -G a b; deluser a; echo $?; grep ^a: /etc/group",
            "deluser: 'b' still has 'a' as their primary group!\n1\na:x:1000:b\n"
        ),
        ScriptCase("adduser -D a; adduser -D b; addgroup b a; deluser a; grep -c ^a: /etc/group", "0\n", code: 1),
        ScriptCase(
            "(sleep 2; echo pw; sleep 2; echo pw) | adduser a; echo $?; grep -c '^a:[$]6' /etc/shadow",
            "Changing password for a\npasswd: password for a changed by root\n0\n1\n"
        ),
        ScriptCase(
            "adduser -D a; passwd -l a; passwd -l a; echo $?; passwd -u a; echo $?; passwd -u a; echo $?",
            """
            passwd: password for a is already locked
            passwd: password for a is already locked
            1
            passwd: password for a changed by root
            0
            passwd: password for a is already unlocked
            1

            """
        ),
        ScriptCase("cryptpw -a md5 pw ab", "$1$ab$b2XAKzcGJvTR.javvk3280\n"),
        ScriptCase("mkpasswd -m foo pw ab", "$1$ab$b2XAKzcGJvTR.javvk3280\n"),
        ScriptCase("mkpasswd -m sha512 pw 'rounds=99999$ab'", "mkpasswd: too many rounds\n", code: 1),
    ])
    func busyboxKeepsAccounts(_ item: ScriptCase) throws { try check(item, image: "alpine:3") }

    @Test(arguments: [
        ScriptCase("useradd -u 1000 a; useradd -u 1000 b", "useradd: UID 1000 is not unique\n", code: 4),
        ScriptCase("useradd -u 1000 a; useradd -o -u 1000 -g a b; id -u b", "1000\n"),
        ScriptCase("useradd -u x a", "useradd: invalid user ID 'x'\n", code: 3),
        ScriptCase("useradd -u 99999999999 a", "useradd: invalid user ID '99999999999'\n", code: 3),
        ScriptCase(
            "groupadd a; useradd a",
            "useradd: group a exists - if you want to add this user to that group, use -g.\n",
            code: 9
        ),
        ScriptCase(
            "useradd >/dev/null",
            "useradd: missing operand\nTry 'useradd --help' for more information.\n",
            code: 2
        ),
        ScriptCase("useradd -G sudo a; usermod -l b a; id -Gn b; grep -c ^b: /etc/shadow", "a sudo\n1\n"),
        ScriptCase("useradd a; usermod -u x a", "usermod: invalid user ID 'x'\n", code: 3),
        ScriptCase("useradd a; useradd -m -d /opt/b b; stat -c '%a %u' /opt/b", "755 1001\n"),
    ])
    func debianKeepsAccounts(_ item: ScriptCase) throws { try check(item, image: "debian:12") }

    /// Many users do not make the search for a free number endless.
    @Test func aFreeNumberIsFoundAmongMany() throws {
        let many = "seq 1000 9000 | sed 's/.*/u&:x:&:&::\\/:\\/bin\\/sh/' >> /etc/passwd"
        #expect(try ScriptResult("\(many); adduser -D last; id -u last", image: "alpine:3").output == "9001\n")
    }
}
