// SPDX-License-Identifier: Apache-2.0
// What curl, wget, nc and ping make of servers that answer, refuse, or are not there.

import PodiumRuntime
import PodiumSandboxTesting
import Testing

@Suite struct WebClientTests {
    /// A Service `web` with a port for each kind of answer; `10.9.9.9` is nobody's address.
    private static let world: TestWorld = {
        var world = TestWorld()
        world.names["web.default.svc.cluster.local"] = ["10.96.0.20"]
        world.answers["10.96.0.20:80"] = HTTPAnswer(status: 200, body: "hello\n")
        world.answers["10.96.0.20:81"] = HTTPAnswer(status: 404, body: "gone\n")
        world.answers["10.96.0.20:82"] = HTTPAnswer(status: 302, location: "http://web/there")
        world.answers["10.96.0.20:83"] = HTTPAnswer(status: 503, body: "busy\n")
        return world
    }()

    private func check(_ item: ScriptCase, image: String) throws {
        let result = try ScriptResult(item.script, image: image, world: Self.world)
        #expect(result.output == item.output)
        #expect(result.code == item.code)
    }

    private static let code = "-s -o /dev/null -w '%{http_code}\\n'"

    @Test(arguments: [
        ScriptCase("curl \(code) http://web", "200\n"),
        ScriptCase("curl -m 2 \(code) http://web", "200\n"),
        ScriptCase("curl -m2 \(code) web", "200\n"),
        ScriptCase("curl --max-time 2 \(code) http://web", "200\n"),
        ScriptCase("curl --connect-timeout 1 \(code) http://web", "200\n"),
        ScriptCase("curl --retry 3 --retry-delay 1 --retry-connrefused \(code) http://web", "200\n"),
        ScriptCase("curl --header 'Accept: text/html' \(code) http://web", "200\n"),
        ScriptCase("curl -HAccept:a -H 'B: c' \(code) http://web", "200\n"),
        ScriptCase("curl --user-agent test --cacert /ca.crt -k --compressed \(code) http://web", "200\n"),
        ScriptCase("curl --silent --output /dev/null --write-out '%{http_code}\\n' --url http://web", "200\n"),
        ScriptCase("curl --request POST --data-urlencode 'a=b c' --data-raw x \(code) http://web", "200\n"),
        ScriptCase("curl --resolve other:80:10.96.0.20 \(code) http://other/", "200\n"),
        ScriptCase("curl -u name:secret --json '{}' -b c=d -e ref \(code) http://web", "200\n"),
        ScriptCase("curl -G -d a=1 -d b=2 \(code) -- http://web", "200\n"),
        ScriptCase("curl -sSfL http://web", "hello\n"),
        ScriptCase("curl -s http://web http://web/b", "hello\nhello\n"),
        ScriptCase("curl -sO http://web/file; cat file", "hello\n"),
        ScriptCase("curl -so f http://web; cat f", "hello\n"),
        ScriptCase("curl --create-dirs -so a/b/f http://web; cat a/b/f", "hello\n"),
        ScriptCase("curl -s http://web:81", "gone\n"),
        ScriptCase("curl -sf http://web:81", code: 22),
        ScriptCase("curl -s --fail-with-body http://web:81", "gone\n", code: 22),
        ScriptCase("curl -sL -w '%{num_redirects} %{url_effective}\\n' http://web:82/", "hello\n1 http://web/there\n"),
        ScriptCase("curl -s -w '%{redirect_url}\\n' http://web:82/", "http://web/there\n"),
        ScriptCase("curl -sI http://web | head -n 1", "HTTP/1.1 200 OK\r\n"),
        ScriptCase("curl -si http://web | tail -n 2", "\r\nhello\n"),
        ScriptCase("curl -s http://web:9; echo $?", "7\n"),
        ScriptCase("curl \(code) http://web:9", "000\n", code: 7),
        ScriptCase("curl -s http://nosuch", code: 6),
        ScriptCase("curl -s http://", code: 3),
        ScriptCase("curl -s foo://web", code: 1),
        ScriptCase("curl -s -o /nope/f http://web", code: 23),
        ScriptCase("curl --nosuch http://web", code: 2),
        ScriptCase("curl --max-time abc http://web", code: 2),
        ScriptCase("curl --max-time", code: 2),
        ScriptCase("curl", code: 2),
        ScriptCase("curl -s -w '%{exitcode}%%\\t%{scheme}|' http://web:9", "7%\tHTTP|", code: 7),
        ScriptCase(
            "curl -sS http://web:9 2>&1",
            "curl: (7) Failed to connect to web port 9 after 0 ms: "
                + "Couldn't connect to server\n",
            code: 7
        ),
        ScriptCase("curl -v -s http://web 2>&1 | grep '^>' | head -n 2", "> GET / HTTP/1.1\n> Host: web\n"),
        ScriptCase(
            "curl -vs -H 'Host: x' -d a=1 http://web/p 2>&1 | grep '^> [HP]'",
            "> POST /p HTTP/1.1\n> Host: x\n"
        ),
    ])
    func curlTakesItsOptions(_ item: ScriptCase) throws { try check(item, image: "python:3.12") }

    @Test(arguments: [
        ("curl -sm 3 http://10.9.9.9; exit $?", 3.0, 28), ("curl -s --connect-timeout 2.5 http://10.9.9.9", 2.5, 28),
        ("curl -s http://10.9.9.9", 130, 28), ("curl -s --retry 2 --retry-delay 4 http://web:83", 8, 0),
        ("curl -s --retry 3 http://web:83", 7, 0), ("curl -s --retry 3 http://web:9", 0, 7),
        ("curl -s --retry 2 --retry-connrefused http://web:9", 3, 7),
        ("curl -s --retry 5 --retry-all-errors --retry-max-time 2 -f http://web:81", 1, 22),
    ])
    func curlWaitsAndTriesAgain(script: String, seconds: Double, code: Int) throws {
        let result = try ScriptResult(script, image: "python:3.12", world: Self.world)
        #expect(result.seconds == seconds)
        #expect(result.code == code)
    }

    @Test(arguments: [
        ScriptCase("wget -qO- http://web", "hello\n"), ScriptCase("wget -q -O - web", "hello\n"),
        ScriptCase("wget -q --header 'Accept: text/html' -O- http://web", "hello\n"),
        ScriptCase("wget -q --header=A:b --post-data x=1 -U me -O- http://web", "hello\n"),
        ScriptCase("wget -T 5 -t 1 -qO- http://web", "hello\n"), ScriptCase("wget -Y off -qO- http://web", "hello\n"),
        ScriptCase("wget --no-check-certificate -qO- http://web", "hello\n"),
        ScriptCase("wget -q http://web/f; cat f", "hello\n"),
        ScriptCase("wget -q http://web; cat index.html", "hello\n"),
        ScriptCase("mkdir d; wget -q -P d http://web/f; cat d/f", "hello\n"),
        ScriptCase("wget -q --output-document=f http://web; cat f", "hello\n"),
        ScriptCase("wget -q --spider http://web"), ScriptCase("wget -q --spider http://web:81", code: 1),
        ScriptCase("wget -q http://web:81", code: 1), ScriptCase("wget -q http://nosuch", code: 1),
        ScriptCase("wget -q http://web:9", code: 1), ScriptCase("wget --nosuch http://web", code: 1),
        ScriptCase("wget", code: 1), ScriptCase("wget -qO- http://web:82/", "hello\n"),
        ScriptCase("wget -q http://web/f; wget -q http://web/f; echo $?", "1\n"),
        ScriptCase(
            "wget -O- http://web:80 2>&1 | head -n 3",
            "Connecting to web:80 (10.96.0.20:80)\nwriting to stdout\nhello\n"
        ),
        ScriptCase("wget -O f http://web 2>&1 | tail -n 1", "'f' saved\n"),
        ScriptCase("wget -qS -O /dev/null http://web 2>&1 | head -n 1", "  HTTP/1.1 200 OK\n"),
        ScriptCase(
            "wget -q http://web:83 2>&1",
            "wget: server returned error: HTTP/1.1 503 Service Unavailable\n",
            code: 1
        ),
    ])
    func busyboxWgetTakesItsOptions(_ item: ScriptCase) throws { try check(item, image: "busybox:1.36") }

    @Test(arguments: [
        ScriptCase("wget -qO- http://web", "hello\n"), ScriptCase("wget -q http://web:81", code: 8),
        ScriptCase("wget -q http://web:9", code: 4), ScriptCase("wget -q http://nosuch", code: 4),
        ScriptCase("wget --tries=1 --timeout=2 -qO- http://web", "hello\n"), ScriptCase("wget", code: 1),
        ScriptCase("wget --nosuch http://web", code: 2), ScriptCase("wget -q --spider http://web:81", code: 8),
        ScriptCase("wget -nv -O f http://web 2>/dev/null; cat f", "hello\n"),
    ])
    func wgetOfDebianHasItsOwnCodes(_ item: ScriptCase) throws { try check(item, image: "python:3.12") }

    @Test(arguments: [
        ScriptCase("printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc web 80 | tail -n 1", "hello\n"),
        ScriptCase("nc -z web 80"), ScriptCase("nc -zv web 80 2>&1", "web (10.96.0.20:80) open\n"),
        ScriptCase("nc -z web 9", code: 1), ScriptCase("nc -w 2 10.9.9.9 80", code: 1),
        ScriptCase("nc nosuch 80 2>&1", "nc: bad address 'nosuch'\n", code: 1),
        ScriptCase("nc -l -p 7000 > got & sleep 1; echo told | nc 127.0.0.1 7000; wait; cat got", "told\n"),
        ScriptCase("echo back | nc -l -p 7000 & sleep 1; echo x | nc 127.0.0.1 7000; wait", "back\nx\n"),
        ScriptCase("telnet web 80 < /dev/null", "Connected to web\n"), ScriptCase("telnet web 9", code: 1),
    ])
    func netcatTalksBothWays(_ item: ScriptCase) throws { try check(item, image: "busybox:1.36") }

    @Test(arguments: [
        ScriptCase(
            "nc -lk -p 7000 -e sh -c 'printf \"HTTP/1.1 200 OK\\r\\n\\r\\nhi\\n\"' & sleep 1; "
                + "wget -qO- http://127.0.0.1:7000; wget -qO- http://127.0.0.1:7000",
            "hi\nhi\n"
        ),
        ScriptCase(
            "printf 'HTTP/1.1 503 No\\r\\n\\r\\nbusy\\n' | nc -l -p 7000 & sleep 1; "
                + "wget -qO- http://127.0.0.1:7000 2>/dev/null; echo $?",
            "1\n"
        ),
        ScriptCase("nc -l -p 7000 -e nosuch 2>/dev/null", code: 1),
    ])
    func netcatLetsProgramsAnswer(_ item: ScriptCase) throws { try check(item, image: "busybox:1.36") }

    @Test(arguments: [
        ScriptCase("until (echo > /dev/tcp/web/80) 2>/dev/null; do sleep 1; done; echo up", "up\n"),
        ScriptCase("(echo > /dev/tcp/web/9) 2>/dev/null", code: 1), ScriptCase("< /dev/tcp/nosuch/80", code: 1),
        ScriptCase(
            "exec 3<>/dev/tcp/web/80; printf 'GET / HTTP/1.0\\r\\nHost: web\\r\\n\\r\\n' >&3; tail -n1 <&3",
            "hello\n"
        ),
        ScriptCase(
            "exec 3<>/dev/tcp/web/81; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; read -r a b c <&3; echo $b",
            "404\n"
        ),
        ScriptCase("timeout 5 bash -c 'until echo > /dev/tcp/10.9.9.9/80; do sleep 1; done' 2>/dev/null", code: 124),
    ])
    func bashConnectsByPath(_ item: ScriptCase) throws {
        try check(
            ScriptCase("bash -c \"$(cat <<'EOF'\n\(item.script)\nEOF\n)\"", item.output, code: item.code),
            image: "debian:12"
        )
    }

    @Test(arguments: [
        ScriptCase("traceroute -n web | tail -1", " 2  10.96.0.20  0.010 ms  0.010 ms  0.010 ms\n"),
        ScriptCase("traceroute nosuch 2>/dev/null", code: 1), ScriptCase("ftpget web a b 2>/dev/null", code: 1),
        ScriptCase("tftp -g -r x nosuch 2>/dev/null", code: 1), ScriptCase("ipaddr | grep -c inet", "2\n"),
    ])
    func routesAndOldClientsEnd(_ item: ScriptCase) throws { try check(item, image: "busybox:1.36") }

    @Test(arguments: [
        ("ping -c 3 web", "3 packets transmitted, 3 packets received, 0% packet loss", 0),
        ("ping -c 2 -W 1 10.9.9.9", "2 packets transmitted, 0 packets received, 100% packet loss", 1),
        ("ping -w 3 10.9.9.9", "3 packets transmitted, 0 packets received, 100% packet loss", 1),
        ("ping -c 1 127.0.0.1", "1 packets transmitted, 1 packets received, 0% packet loss", 0),
    ])
    func pingLosesWhatNobodyAnswers(script: String, line: String, code: Int) throws {
        let result = try ScriptResult(script, world: Self.world)
        #expect(result.output.contains(line))
        #expect(result.code == code)
    }

    @Test(arguments: [
        ("iptables -L", "debian:12"), ("vi x", "busybox:1.36"), ("chage -l root", "debian:12"),
        ("conntrack -L", "debian:12"),
    ])
    func whatDoesNothingSaysSo(command: String, image: String) throws {
        var tester = SandboxTester()
        _ = try tester.start(sh: command, image: image)
        tester.run(for: .seconds(5))
        #expect(tester.notes.contains { $0.contains("is not simulated") && $0.contains(command.prefix { $0 != " " }) })
    }

    @Test(arguments: [
        ScriptCase("adduser -D app; id app; id -un 1000", "uid=1000(app) gid=1000(app) groups=1000(app)\napp\n"),
        ScriptCase("addgroup -g 2000 ops; adduser -D -G ops -u 1500 a; id -gn a; id -u a", "ops\n1500\n"),
        ScriptCase(
            "addgroup -S web; adduser -S -G web www; addgroup app 2>/dev/null; adduser www app; id -Gn www",
            "web web app\n"
        ),
        ScriptCase("adduser -D a; adduser -D a", code: 1), ScriptCase("adduser -D a; deluser a; id a", code: 1),
        ScriptCase("id nosuch", code: 1), ScriptCase("id", "uid=0(root) gid=0(root) groups=0(root)\n"),
        ScriptCase("whoami; logname", "root\n", code: 1), ScriptCase("adduser -D a; ls -d /home/a", "/home/a\n"),
    ])
    func usersAndGroupsAreLinesOfFiles(_ item: ScriptCase) throws { try check(item, image: "busybox:1.36") }

    @Test func hostnamesHaveTheDomainOfTheirSubdomain() throws {
        var tester = SandboxTester { $0.domain = "peers.default.svc.cluster.local" }
        let handle = try tester.start(sh: "hostname; hostname -f; hostname -d; hostname -s; tail -n 1 /etc/hosts")
        tester.run(for: .seconds(1))
        let domain = "peers.default.svc.cluster.local"
        let lines = ["web-0", "web-0.\(domain)", domain, "web-0", "10.244.0.7\tweb-0.\(domain)\tweb-0"]
        #expect(tester.log(of: handle) == lines.map { $0 + "\n" }.joined())
    }

    @Test func theMachineIsTheNode() throws {
        var tester = SandboxTester {
            $0.node.processors = 4
            $0.node.memory = 8 << 30
            $0.node.architecture = "arm64"
        }
        let script =
            "nproc; uname -m; free -m | grep Mem | tr -s ' ' | cut -d ' ' -f 2; grep -c processor /proc/cpuinfo"
        let handle = try tester.start(sh: script)
        tester.run(for: .seconds(1))
        #expect(tester.log(of: handle) == "4\naarch64\n8192\n4\n")
    }
}
