// SPDX-License-Identifier: Apache-2.0
// Programs about users, processes and time that real ones here cannot be compared with, or not without privileges.

import PodiumMachinery
import PodiumRuntime
import PodiumSandboxTesting
import PodiumShell
import Testing

@Suite struct ProgramTests {
    private func check(_ item: ScriptCase, image: String) throws {
        let result = try ScriptResult(item.script, image: image)
        #expect(result.output == item.output)
        #expect(result.code == item.code)
    }

    @Test(arguments: [
        ScriptCase("echo '1/3; scale=3; 1/3; 5 > 3' | bc", "0\n.333\n1\n"),
        ScriptCase("printf '1/0\\n5\\n' | bc 2>/dev/null", "5\n"),
        ScriptCase("export A=1 B=two; echo 'x $A ${B} $C $ $1 \\$B' | envsubst", "x 1 two  $ $1 \\two\n"),
        ScriptCase("export A=1; echo '$A $B' | envsubst '$A'; envsubst -v '$A ${B}'", "1 $B\nA\nB\n"),
        ScriptCase("printf 'a b c\\naaa bb c\\n' | column -t", "a    b   c\naaa  bb  c\n"),
        ScriptCase("printf 'a:b\\nccc:d\\n' | column -t -s:", "a    b\nccc  d\n"),
    ])
    func filtersOfOtherPackagesAreThere(_ item: ScriptCase) throws { try check(item, image: "acme/tool:1") }

    @Test(arguments: [
        ScriptCase(
            "id app 2>/dev/null; adduser -D -u 1234 app; addgroup ops; adduser app ops; id -Gn app",
            "app ops\n"
        ),
        ScriptCase("adduser -D app; su app -c 'id -un; echo $HOME $USER'; id -un", "app\n/home/app app\nroot\n"),
        ScriptCase("adduser -D app; su - app -c 'pwd; touch f; stat -c %u f'", "/home/app\n1000\n"),
        ScriptCase("su -s /bin/sh nobody -c whoami", "nobody\n"), ScriptCase("su nosuch -c id 2>/dev/null", code: 1),
        ScriptCase("su nobody -s /bin/sh -c 'su root -c id' 2>/dev/null", code: 1),
        ScriptCase("adduser -D app; echo app:pw | chpasswd 2>/dev/null; grep -c '^app:[$]6[$]' /etc/shadow", "1\n"),
        ScriptCase("echo nosuch:pw | chpasswd 2>/dev/null", code: 1),
        ScriptCase(
            "adduser -D app; printf 'a\\na\\n' | passwd app 2>/dev/null",
            "passwd: password for app changed by root\n"
        ),
        ScriptCase(
            "adduser -D a; deluser a; grep -c '^a:' /etc/passwd /etc/shadow /etc/group",
            "/etc/passwd:0\n/etc/shadow:0\n/etc/group:0\n",
            code: 1
        ),
        ScriptCase(
            "adduser -S -G nogroup svc; id svc",
            "uid=100(svc) gid=65533(nogroup) groups=65533(nogroup),65533(nogroup)\n"
        ),
        ScriptCase(
            "addgroup ops; addgroup ops 2>/dev/null; echo $?; delgroup ops; grep ops /etc/group",
            "1\n",
            code: 1
        ),
    ])
    func usersOfAlpineCanBecomeOneAnother(_ item: ScriptCase) throws { try check(item, image: "alpine:3") }

    @Test(arguments: [
        ScriptCase(
            "useradd -r -u 999 -g users -m -d /opt/app -s /bin/sh app; id app; stat -c %u /opt/app",
            "uid=999(app) gid=100(users) groups=100(users)\n999\n"
        ),
        ScriptCase(
            "useradd a; usermod -aG sudo,www-data a; id -Gn a; usermod -G sudo a; id -Gn a",
            "a sudo www-data\na sudo\n"
        ),
        ScriptCase("useradd a; useradd a 2>/dev/null", code: 9), ScriptCase("userdel nosuch 2>/dev/null", code: 6),
        ScriptCase("gosu www-data id -un; setpriv --reuid=33 --regid 33 --clear-groups id -u", "www-data\n33\n"),
        ScriptCase("gosu postgres id -u", "999\n"),
        ScriptCase("getent passwd www-data | cut -d: -f3,6", "33:/var/www\n"),
        ScriptCase("getent passwd nosuch", code: 2),
    ])
    func usersOfOtherImagesCanBecomeOneAnother(_ item: ScriptCase) throws { try check(item, image: "acme/tool:1") }

    @Test func anEntryPointThatGivesUpItsPrivilegesDoesSoOnce() throws {
        let script = """
            cat > /e.sh <<'EOF'
            #!/bin/bash
            set -Eeo pipefail
            if [ "$(id -u)" = '0' ]; then exec gosu www-data "$BASH_SOURCE" "$@"; fi
            echo "as $(id -un) with $*"
            EOF
            chmod +x /e.sh; exec /e.sh one two
            """
        let result = try ScriptResult(script, image: "debian:12")
        #expect(result.output == "as www-data with one two\n")
    }

    @Test(arguments: [
        ScriptCase("sleep 33 & pgrep -P $$ -x sleep | grep -cx $!", "1\n"),
        ScriptCase("sleep 33 & pkill -9 -f 'sleep 33'; wait $!", code: 137), ScriptCase("pgrep nosuch", code: 1),
        ScriptCase("ps -o pid=,comm= -p 1 | cat", "    1 sh\n"),
        ScriptCase("ps -p 999", "    PID TTY          TIME CMD\n", code: 1),
        ScriptCase("sleep 9 & pwdx $! | cut -d' ' -f2", "/\n"),
        ScriptCase(
            "start-stop-daemon --start --background --make-pidfile --pidfile /p --exec /bin/sleep -- 60; "
                + "kill -0 $(cat /p) && start-stop-daemon --stop --retry 5 --quiet --pidfile /p; "
                + "kill -0 $(cat /p) 2>/dev/null",
            code: 1
        ),
    ])
    func processesAreFoundByWhatTheyAre(_ item: ScriptCase) throws { try check(item, image: "acme/tool:1") }

    @Test func cronRunsCommandsAtTheirMinutes() throws {
        var tester = SandboxTester()
        let handle = try tester.start(
            sh: "(crontab -l; echo '* * * * * echo tick; id -un') | crontab -; exec crond -f",
            image: "alpine:3"
        )
        tester.run(for: .seconds(150))
        #expect(tester.log(of: handle, stream: .stdout) == "tick\nroot\ntick\nroot\n")
    }

    @Test(arguments: [
        ("*/15 * * * * x", "2026-01-01T00:30:00Z", true), ("*/15 * * * * x", "2026-01-01T00:31:00Z", false),
        ("0 2 * * mon-fri x", "2026-01-02T02:00:00Z", true), ("0 2 * * mon-fri x", "2026-01-03T02:00:00Z", false),
        ("0 0 13 * 5 x", "2026-01-13T00:00:00Z", true), ("0 0 13 * 5 x", "2026-01-16T00:00:00Z", true),
        ("0 0 13 * 5 x", "2026-01-15T00:00:00Z", false), ("@hourly x", "2026-01-15T07:00:00Z", true),
        ("5 4 1 jan * x", "2026-01-01T04:05:00Z", true), ("0 0 * * 7 x", "2026-01-04T00:00:00Z", true),
    ])
    func cronKnowsItsMinutes(line: String, moment: String, isDue: Bool) throws {
        let time = try #require(Timestamp(rfc3339: moment))
        #expect(CronSchedule(line, hasUser: false)?.matches(time) == isDue)
    }

    @Test(arguments: ["* * * * x", "61 * * * * x", "# comment", "* * * * *", "a b c d e f", "*/0 * * * * x"])
    func whatIsNoScheduleIsNone(_ line: String) { #expect(CronSchedule(line, hasUser: false) == nil) }

    @Test(arguments: [
        ScriptCase("awk 'BEGIN { s = \"x\"; while (1) s = s s }' 2>&1 | grep -c memory", "1\n"),
        ScriptCase(
            "awk 'BEGIN { s = \"x\"; for (i = 0; i < 19; i++) s = s s; print f(0) } "
                + "function f(n, t) { t = s n; return n > 90 ? 1 : f(n + 1) }' 2>&1 | grep -c memory",
            "1\n"
        ),
        ScriptCase("awk 'BEGIN { for (i = 0; i < 100; i++) s = s i; print length(s) }'", "190\n"),
    ])
    func textsOfAwkHaveTheirLimits(_ item: ScriptCase) throws { try check(item, image: "busybox:1.36") }

    @Test func programsThatAreAskedSayHowTheyAreUsed() throws {
        for name in ["httpd", "grep", "nc", "wget", "crond", "start-stop-daemon", "tar"] {
            let result = try ScriptResult("\(name) --help 2>&1 | grep -c Usage", image: "busybox:1.36")
            #expect(result.output == "1\n", "\(name)")
        }
    }
}
