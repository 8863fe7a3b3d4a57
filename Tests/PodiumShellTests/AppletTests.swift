// SPDX-License-Identifier: Apache-2.0
// What the programs of busybox print.

import PodiumRuntime
import PodiumSandboxTesting
import PodiumShell
import Testing

@Suite struct AppletTests {
    @Test func everyNameStandsInOneTableOnly() { #expect(Applets.ambiguousNames == []) }

    private func check(_ item: ScriptCase) throws {
        let result = try ScriptResult("cd /tmp\n" + item.script)
        #expect(result.output == item.output)
        #expect(result.code == item.code)
    }

    @Test(arguments: [
        ScriptCase("echo a b c | tr ' ' '\\n' | sort -r | head -2", "c\nb\n"),
        ScriptCase("seq 1 5 | tail -2", "4\n5\n"),
        ScriptCase("echo hello | grep -c l; echo hello | grep -q z; echo $?", "1\n1\n"),
        ScriptCase("printf 'a\\nb\\na\\n' | sort | uniq -c | sed 's/^ *//'", "2 a\n1 b\n"),
        ScriptCase("printf '10\\n9\\n' | sort -n", "9\n10\n"),
        ScriptCase("echo a:b:c | cut -d: -f2", "b\n"),
        ScriptCase(
            "echo abc | rev; echo abc | tr a-c A-C; echo aabb | tr -s a; echo abc | tr -d b",
            "cba\nABC\nabb\nac\n"
        ),
        ScriptCase("yes | head -3", "y\ny\ny\n"),
        ScriptCase("echo abc | wc -c", "4\n"),
        ScriptCase("seq 1 3 | paste -sd+ -", "1+2+3\n"),
        ScriptCase("echo data | tee t; cat t", "data\ndata\n"),
        ScriptCase("echo a b | xargs -n1 echo", "a\nb\n"),
        ScriptCase("echo hello | md5sum", "b1946ac92492d2347c6235b4d2611184  -\n"),
        ScriptCase("echo hello | base64; echo aGVsbG8K | base64 -d", "aGVsbG8K\nhello\n"),
    ])
    func filters(_ item: ScriptCase) throws { try check(item) }

    @Test(arguments: [
        ScriptCase("seq 3 | sed 's/2/two/;1d'", "two\n3\n"),
        ScriptCase("echo foobar | sed -n 's/o\\+/0/p'", "f0bar\n"),
        ScriptCase("echo a.b.c | sed 's/\\./-/g'", "a-b-c\n"),
        ScriptCase("echo abc | sed -E 's/(a)(b)/\\2\\1/'; echo abc | sed 'y/abc/xyz/'", "bac\nxyz\n"),
        ScriptCase("seq 4 | sed -n '2,3p'; seq 3 | sed '$d'; seq 2 | sed '1a x'", "2\n3\n1\n2\n1\nx\n2\n"),
        ScriptCase("printf 'a\\nb\\nc\\n' | sed -n '/b/{p;q}'", "b\n"),
        ScriptCase("printf 'a\\nb\\n' | sed 'N;s/\\n/,/'", "a,b\n"),
        ScriptCase("seq 3 | sed '1!G;h;$!d'", "3\n2\n1\n"),
        ScriptCase("seq 3 | sed -n '$='; seq 6 | sed -n '$!N;$p'", "3\n5\n6\n"),
        ScriptCase("echo k=v > f; sed -i 's/v/w/' f; cat f", "k=w\n"),
        ScriptCase("echo 'hello world' | sed 's/\\w\\+/<&>/2'", "hello <world>\n"),
        ScriptCase("printf 'a\\nb\\nc\\n' | sed ':x;N;$!bx;s/\\n/ /g'", "a b c\n"),
        ScriptCase("echo x | sed 'k'", code: 1),
    ])
    func sedRunsScripts(_ item: ScriptCase) throws { try check(item) }

    @Test(arguments: [
        ScriptCase("mkdir -p d/e; touch d/e/f; find d | sort", "d\nd/e\nd/e/f\n"),
        ScriptCase("echo x > a; cp a b; mv b c; cat c; ls", "x\na\nc\n"),
        ScriptCase("ln -s a l; echo 1 > a; cat l; readlink l", "1\na\n"),
        ScriptCase("rm gone; echo $?; rm -f gone; echo $?", "1\n0\n"),
        ScriptCase("[ -d d ] || mkdir d; [ -d d ] && echo dir", "dir\n"),
        ScriptCase("basename /a/b/c.txt .txt; dirname /a/b/c", "c\n/a/b\n"),
        ScriptCase("dd if=/dev/zero of=big bs=1024 count=3000 2>/dev/null; wc -c < big", "3072000\n"),
        ScriptCase("umask; umask 077; umask", "0022\n0077\n"),
        ScriptCase("env -i A=1 env", "A=1\n"),
        ScriptCase("hostname; id -u; whoami; pwd", "web-0\n0\nroot\n/tmp\n"),
        ScriptCase("echo '127.0.0.1 db' >> /etc/hosts; grep db /etc/hosts", "127.0.0.1 db\n"),
        ScriptCase(
            "cat /etc/resolv.conf | head -1",
            "search default.svc.cluster.local svc.cluster.local cluster.local\n"
        ),
    ])
    func filesAndSystem(_ item: ScriptCase) throws { try check(item) }

    @Test(arguments: [
        ScriptCase(
            "printf '2p\\na\\nnew\\n.\\n1,$p\\n/thr/s/e/E/g\\np\\n$=\\n2d\\nw\\nq\\n' | ed -s f; cat f",
            "two\none\ntwo\nnew\nthree\nthrEE\n4\none\nnew\nthrEE\n"
        ),
        ScriptCase("printf '1i\\nzero\\n.\\nw g\\nq\\n' | ed f; cat g", "14\n19\nzero\none\ntwo\nthree\n"),
        ScriptCase("printf '$\\n1\\n\\n$-1p\\n2ka\\n\\047ap\\n' | ed -s f", "three\none\ntwo\ntwo\ntwo\n"),
        ScriptCase(
            "printf '1,2c\\nonly\\n.\\n,p\\nq\\ny\\n' | ed -s f; cat f",
            "only\nthree\nReally quit? one\ntwo\nthree\n"
        ),
        ScriptCase("printf 'r g\\nr f\\n1,$l\\n' | ed -s; echo $?", "one$\ntwo$\nthree$\n0\n"),
        ScriptCase(
            "printf '9p\\nk1\\ns/x/y/\\nj\\nq x\\n' | ed -s f 2>&1",
            """
            ed: bad line range for print
            ed: bad mark name
            ed: no substitutions found for "x"
            ed: unimplemented command
            ed: bad quit command

            """
        ),
        ScriptCase("ed nosuch < /dev/null; echo $?; printf 'a\\nx' | ed -p '>' f", "0\n14\n>>"),
    ])
    func edEditsLines(_ item: ScriptCase) throws {
        try check(ScriptCase("printf 'one\\ntwo\\nthree\\n' > f\n" + item.script, item.output, code: item.code))
    }

    /// Nobody knows whose programs such an image has, so that the options of both are taken.
    @Test(arguments: [
        ScriptCase("seq -1 1; seq --separator=, 3; seq 0 0.1 0.2", "-1\n0\n1\n1,2,3\n0.0\n0.1\n0.2\n"),
        ScriptCase("echo a | sed -u s/a/b/; printf 'a\\0b' | sed -z s/b/c/ | tr '\\0' x", "b\naxc"),
        ScriptCase(
            "echo x > f; md5sum --tag f; md5sum f > l; md5sum --check --quiet l; echo $?",
            "MD5 (f) = 401b30e3b8b5d629635a5c613cdb7919\n0\n"
        ),
        ScriptCase("echo x > f; diff --normal f /dev/null; diff -c0 f f", "1d0\n< x\n"),
    ])
    func unknownImagesTakeTheOptionsOfBoth(_ item: ScriptCase) throws {
        let result = try ScriptResult("cd /tmp\n" + item.script, image: "example.com/team/app:1")
        #expect(result.output == item.output)
        #expect(result.code == item.code)
    }

    @Test(arguments: [
        ScriptCase("vi f < /dev/null 2>&1; echo $?", "vi: can't read user input\n1\n"),
        ScriptCase("echo x | vi f 2>&1; echo $?; ls", "vi: can't read user input\n1\n"),
    ])
    func viNeedsATerminal(_ item: ScriptCase) throws { try check(item) }

    @Test(arguments: [
        ScriptCase("printf '%s-%d\\n' a 1 b 2", "a-1\nb-2\n"),
        ScriptCase("printf '%5s|%-5s|%05d|%x\\n' ab cd 42 255", "   ab|cd   |00042|ff\n"),
        ScriptCase("printf '%b' 'a\\tb\\n'; printf '%.2f\\n' 3.14159", "a\tb\n3.14\n"),
        ScriptCase("expr 3 + 4; expr abc : 'a\\(.\\)c'; expr 5 \\* 2", "7\nb\n10\n"),
        ScriptCase("[ 1 -eq 1 -a 2 -eq 2 ] && echo both; [ -n '' -o -z '' ] && echo either", "both\neither\n"),
        ScriptCase("test 3 -gt 2 && test abc = abc && [ ! -e zz ] && echo ok", "ok\n"),
        ScriptCase("[ a -gt 3 ]; echo $?", "2\n"),
        ScriptCase("echo -n no; echo; echo -e 'a\\tb'", "no\na\tb\n"),
        ScriptCase("date +%s; date -u +%Y-%m-%dT%H:%M:%SZ", "1700000000\n2023-11-14T22:13:20Z\n"),
    ])
    func textAndNumbers(_ item: ScriptCase) throws { try check(item) }

    @Test(arguments: [
        ("busybox:1.36", 0 as Int?), ("alpine", 0), ("hello-world", 0), ("python:3", 0), ("nginx:1.27", nil),
        ("redis:7", nil), ("memcached:1.6", nil), ("registry.k8s.io/pause:3.10", nil),
    ])
    func wellKnownImagesDoWhatTheyAreKnownFor(image: String, code: Int?) throws {
        var tester = SandboxTester()
        let handle = try tester.start(ContainerSpecification(name: "main", image: image))
        tester.run(for: .seconds(3600))
        #expect(tester.exit(of: handle)?.code == code)
        #expect(tester.notes.isEmpty)
    }

    @Test func aProgramThatIsNotThereCannotBeStarted() throws {
        var tester = SandboxTester()
        var specification = ContainerSpecification(name: "main", image: "busybox:1.36")
        specification.command = ["nosuch"]
        let missing = #expect(throws: StartError.self) { try tester.start(specification) }
        #expect(missing?.cause == "exec: \"nosuch\": executable file not found in $PATH")
        specification.command = ["/no/such"]
        let nowhere = #expect(throws: StartError.self) { try tester.start(specification) }
        #expect(nowhere?.cause == "exec: \"/no/such\": stat /no/such: no such file or directory")
    }
}
