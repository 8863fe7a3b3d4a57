// SPDX-License-Identifier: Apache-2.0
// Which requests of browsers come in: by the name that they call, and by the page that sent them.

import PodiumHTTP
import Testing

@Suite struct BrowserPolicyTests {
    private static let origin = "http://console.example.com:3000"

    private func server(
        _ listen: ListenAddress = .tcp(host: "127.0.0.1", port: 0)
    ) throws -> TestServer {
        let policy = BrowserPolicy(hosts: ["Podium.Example.com", "[2001:db8::1]"], origins: [Self.origin])
        return try TestServer(listen, threads: 1, browsers: policy)
    }

    private func port(_ server: TestServer) -> Int {
        guard case .tcp(_, let port) = server.address else { return 0 }
        return port
    }

    /// Sends a request whose lines may name the port of the server as `PORT`.
    private func ask(_ server: TestServer, _ line: String, _ lines: [String], body: String = "") throws -> RawAnswer {
        let client = try server.connect()
        let length = body.isEmpty ? [] : ["Content-Length: \(body.utf8.count)"]
        let head = ([line + " HTTP/1.1"] + lines + length).joined(separator: "\r\n")
        client.send(head.replacing("PORT", with: "\(port(server))") + "\r\n\r\n" + body)
        return try client.answer(hasBody: !line.hasPrefix("HEAD"))
    }

    @Test(arguments: [
        ("127.0.0.1:PORT", true), ("localhost:PORT", true), ("localhost", true), ("LocalHost:1", true),
        ("localhost.", true), ("LOCALHOST.:PORT", true), ("A.LocalHost", true),
        ("a.localhost:PORT", true), ("a.b.localhost", true), ("127.0.0.1", true), ("127.1", true),
        ("127.8.9.1:PORT", true), ("127.0.1:PORT", true), ("a_b.x-1.localhost:PORT", true), ("localhost:65535", true),
        ("[::1]", true), ("[::1]:PORT", true), ("[::ffff:127.0.0.1]:PORT", true), ("[::FFFF:7f00:1]", true),
        ("[0:0:0:0:0:0:0:1]", true), ("host.docker.internal:PORT", true), ("host.containers.internal", true),
        ("podium.example.com", true), ("PODIUM.example.com.:PORT", true), ("[2001:db8::1]:80", true),
        ("localhost:", true),
        ("evil.example.com", false), ("evil.example.com:PORT", false), ("", false), ("a", false), ("localhostx", false),
        ("xlocalhost", false), ("localhost.evil.com", false), ("127.0.0.1.evil.com", false), ("127.evil.com", false),
        ("127.0.0.1.nip.io:PORT", false), ("0.0.0.0:PORT", false), ("0", false), ("[::]:PORT", false),
        ("10.0.0.1", false),
        ("[::ffff:10.0.0.1]", false), ("[2001:db8::2]", false), ("localhost:80:80", false), ("localhost:x", false),
        ("a@localhost", false), ("localhost@evil.com", false), ("[::1", false), ("::1", false), ("[]", false),
        ("x.podium.example.com", false), ("docker.internal", false), ("x.host.docker.internal", false), (".", false),
        ("2130706433", false), ("2130706433:PORT", false), ("0177.0.0.1", false), ("127.0.0.01", false),
        ("0x7f.0.0.1", false), ("127.0.0.256", false), ("127..1", false), (".127.0.0.1", false), (".localhost", false),
        (".localhost:PORT", false), ("a..localhost", false), ("*.localhost", false), ("a/.localhost", false),
        ("a@b.localhost", false), ("%61.localhost", false), ("localhost:65536", false), ("localhost..", false),
        ("localhost, evil.com", false), ("127.0.0.1 evil.com", false), ("192.168.127.1", false),
    ])
    func aServerKnowsItsNames(_ host: String, _ isKnown: Bool) throws {
        let server = try server()
        for line in ["GET /x", "POST /x"] {
            let answer = try ask(server, line, ["Host: \(host)"])
            #expect(answer.status == (isKnown ? 200 : 403))
            if !isKnown { #expect(answer.body.contains("--allow-host") && answer.body.contains("\"kind\":\"Status\"")) }
        }
    }

    @Test(arguments: [
        (["Host: localhost:PORT", "Origin: http://localhost:PORT"], true),
        (["Host: localhost", "Origin: http://localhost"], true),
        (["Host: localhost:80", "Origin: http://localhost"], true),
        (["Host: LOCALHOST:PORT", "Origin: http://localhost:PORT"], true),
        (["Host: localhost:443", "Origin: https://localhost"], true),
        (["Host: localhost:PORT", "Origin: \(Self.origin)"], true),
        (["Host: localhost:PORT", "Origin: \(Self.origin)", "Sec-Fetch-Site: cross-site"], true),
        (["Host: localhost:PORT", "Origin: http://evil.example.com"], false),
        (["Host: localhost:PORT", "Origin: http://localhost:3000"], false),
        (["Host: localhost:PORT", "Origin: http://127.0.0.1:PORT"], false),
        (["Host: localhost:PORT", "Origin: null"], false), (["Host: localhost:PORT", "Origin: file://"], false),
        (["Host: localhost:PORT", "Origin: "], false), (["Host: localhost:PORT", "Origin: localhost:PORT"], false),
        (["Host: localhost:PORT", "Origin: http://localhost:PORT.evil.com"], false),
        (["Host: localhost:PORT", "Origin: http://evil.com/http://localhost:PORT"], false),
        (["Host: localhost:PORT", "Origin: http://console.example.com:3001"], false),
        (["Host: localhost:PORT", "Origin: https://console.example.com:3000"], false),
        (["Host: evil.example.com", "Origin: http://evil.example.com"], false),
        (["Host: evil.example.com", "Origin: \(Self.origin)"], false),
        (["Host: localhost", "Sec-Fetch-Site: cross-site"], false),
        (["Host: localhost", "sec-fetch-site: CROSS-SITE", "Sec-Fetch-Mode: no-cors"], false),
        (["Host: localhost", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: websocket"], false),
        (["Host: localhost", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors"], true),
        (["Host: localhost", "Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate"], true),
        (["Host: localhost", "Sec-Fetch-Site: same-site"], true),
    ])
    func pagesOfOtherOriginsStayOut(_ lines: [String], _ comesIn: Bool) throws {
        let server = try server()
        for line in ["GET /x", "HEAD /x", "POST /x", "DELETE /x", "PUT /x"] {
            let answer = try ask(server, line, lines, body: line.hasPrefix("P") ? "{}" : "")
            #expect(answer.status == (comesIn ? 200 : 403), "\(line)")
        }
    }

    @Test(arguments: [("GET", 200), ("POST", 403), ("HEAD", 403), ("DELETE", 403)])
    func linksOfOtherSitesLeadHereToReadOnly(_ method: String, _ status: Int) throws {
        let server = try server()
        let client = try server.connect()
        let lines = "Host: localhost\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n\r\n"
        // The same lines as before are not read anew; the method still counts.
        client.send("GET /x HTTP/1.1\r\n" + lines)
        #expect(try client.answer().status == 200)
        client.send("\(method) /x HTTP/1.1\r\n" + lines)
        #expect(try client.answer(hasBody: method != "HEAD").status == status)
    }

    @Test func refusalsNameTheOption() throws {
        let server = try server()
        let origin = try ask(server, "GET /x", ["Host: localhost", "Origin: http://e"])
        let site = try ask(server, "GET /x", ["Host: localhost", "Sec-Fetch-Site: cross-site"])
        for answer in [origin, site] {
            #expect(answer.body.contains("--allow-origin") && answer.body.contains("\"code\":403"))
            #expect(answer.fields["access-control-allow-origin"] == nil)
        }
    }

    @Test func allowedOriginsReadTheAnswer() throws {
        let server = try server()
        let client = try server.connect()
        let lines = "Host: localhost\r\nOrigin: \(Self.origin)\r\n"
        client.send("OPTIONS /x HTTP/1.1\r\n\(lines)Access-Control-Request-Method: DELETE\r\n\r\n")
        let preflight = try client.answer()
        #expect(preflight.status == 204)
        #expect(preflight.fields["access-control-allow-methods"]?.contains("DELETE") == true)
        #expect(preflight.fields["access-control-allow-headers"]?.contains("Authorization") == true)
        for method in ["GET", "GET", "POST"] {
            client.send("\(method) /x HTTP/1.1\r\n\(lines)\r\n")
            let answer = try client.answer()
            #expect(answer.status == 200)
            #expect(answer.fields["access-control-allow-origin"] == Self.origin)
            #expect(answer.fields["vary"] == "Origin")
        }
        client.send("GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try client.answer().fields["access-control-allow-origin"] == nil)
        client.send("OPTIONS /x HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try client.answer().status == 200)
    }

    @Test(
        arguments: [
            ("http://localhost/x", 200), ("http://127.0.0.1:1/x", 200), ("HTTP://LOCALHOST", 200),
            ("http://evil.com/x", 403), ("http://localhost.evil.com/x", 403), ("https://evil.com", 403),
            ("http://user@localhost/x", 403), ("http://localhost@evil.com/x", 403), ("http:///x", 403),
        ]
    )
    func theTargetOfAProxyRequestCountsBeforeTheHost(target: String, status: Int) throws {
        let server = try server()
        let client = try server.connect()
        // What was the same before is remembered; a refusal ends the connection.
        for (target, status) in [("/x", 200), (target, status)] + (status == 200 ? [("/x", 200)] : []) {
            client.send("GET \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try client.answer().status == status)
        }
    }

    @Test(arguments: [
        ["Origin: http://localhost", "Origin: http://evil.com"],
        ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-origin"],
        ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Mode: no-cors"],
    ])
    func whatIsSaidTwiceIsNotBelieved(_ lines: [String]) throws {
        let server = try server()
        #expect(try ask(server, "GET /x", ["Host: localhost"] + lines).status == 400)
    }

    @Test func theListenHostIsAName() throws {
        let server = try server(.tcp(host: "127.0.0.2", port: 0))
        #expect(try ask(server, "GET /x", ["Host: 127.0.0.2:PORT"]).status == 200)
    }

    @Test func whereOthersComeInNamesAreTheirs() throws {
        let server = try server(.tcp(host: "", port: 0))
        for lines in [
            ["Host: a.example.com"], ["Host: a", "Origin: http://b"], ["Host: a", "Sec-Fetch-Site: cross-site"],
        ] {
            #expect(try ask(server, "POST /x", lines).status == 200)
        }
    }

    @Test func anAddressThatOthersReachMustBeMeant() {
        for host in ["", "0.0.0.0", "0", "::", "[::]"] {
            #expect(throws: HTTPServerError.self) {
                try TestServer(.tcp(host: host, port: 0), isOpenToOthers: false)
            }
            #expect(!ListenAddress.tcp(host: host, port: 0).isLoopback)
        }
        for host in ["127.0.0.1", "127.1", "localhost", "LOCALHOST", "127.9.9.9", "::1", "[::1]", "2130706433"] {
            #expect(ListenAddress.tcp(host: host, port: 0).isLoopback)
        }
        #expect(ListenAddress.unix(path: "/x").isLoopback)
        #expect(!ListenAddress.tcp(host: "127.0.0.1.example", port: 0).description.isEmpty)
    }
}
