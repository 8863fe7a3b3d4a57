// SPDX-License-Identifier: Apache-2.0
// Applets that look at the network: nslookup, wget, curl, ping and clients of well-known servers.

extension Applets {
    static let networkApplets: [String: ImmediateApplet] = [
        "nslookup": lookUp,
        "host": { machine, words in
            guard let name = AppletOptions(words, valued: "tW").words.first else { return usage(&machine, "host") }
            guard let (found, addresses) = machine.lookUp(name), !addresses.isEmpty else {
                machine.print("Host \(name) not found: 3(NXDOMAIN)\n")
                return 1
            }
            for address in addresses { machine.print("\(found) has address \(address)\n") }
            return 0
        },
        "dig": { machine, words in
            let names = words.dropFirst().filter { !$0.hasPrefix("+") && !$0.hasPrefix("-") && !$0.hasPrefix("@") }
            let name = names.first { !["A", "AAAA", "SRV", "ANY"].contains($0.uppercased()) } ?? ""
            let found =
                words.contains("+search")
                ? machine.lookUp(name)?.addresses ?? [] : machine.world.resolve(name.withoutLastDot)
            for address in found {
                machine.print(
                    words.contains("+short") ? "\(address)\n" : "\(name.withoutLastDot).\t30\tIN\tA\t\(address)\n"
                )
            }
            return 0
        },
        "wget": wget,
        "curl": curl,
        "ping": { machine, words in
            let options = AppletOptions(words, valued: "cWwiIs")
            let host = options.words.first ?? ""
            guard let address = machine.addresses(of: host).first else {
                return fail(&machine, "ping", "bad address '\(host)'")
            }
            let count = min(options["c"].flatMap { Int($0) } ?? 1, 100)
            machine.print("PING \(host) (\(address)): 56 data bytes\n")
            for number in 0..<max(0, count) {
                machine.print("64 bytes from \(address): seq=\(number) ttl=64 time=0.100 ms\n")
            }
            machine.print(
                "\n--- \(host) ping statistics ---\n\(count) packets transmitted, \(count) packets received, 0% packet loss\n"
            )
            return 0
        },
        "ifconfig": { machine, _ in showInterfaces(&machine) },
        "ip": { machine, words in
            guard words.count > 1, !words[1].hasPrefix("r") else {
                machine.print("default via 10.0.0.1 dev eth0\n")
                return 0
            }
            return showInterfaces(&machine)
        },
        "netstat": { machine, _ in showListeners(&machine) },
        "ss": { machine, _ in showListeners(&machine) },
        "pg_isready": { machine, words in
            let options = AppletOptions(words, valued: "hpUdt")
            let host = options["h"] ?? options["host"] ?? "127.0.0.1"
            let port = (options["p"] ?? options["port"]).flatMap { Int($0) } ?? 5432
            let isUp = machine.addresses(of: host).first.map { machine.accepts($0, port: port) } ?? false
            machine.print("\(host):\(port) - \(isUp ? "accepting connections" : "no response")\n")
            return isUp ? 0 : 2
        },
        "redis-cli": { machine, words in
            let options = AppletOptions(words, valued: "hpan")
            return client(&machine, "redis-cli", options["h"] ?? "127.0.0.1", options["p"], 6379) { machine in
                machine.print(options.words.first?.lowercased() == "ping" ? "PONG\n" : "OK\n")
            }
        },
        "mysqladmin": { machine, words in
            let options = AppletOptions(words, valued: "hPu")
            let host = options["h"] ?? options["host"] ?? "127.0.0.1"
            return client(&machine, "mysqladmin", host, options["P"] ?? options["port"], 3306) {
                $0.print("mysqld is alive\n")
            }
        },
        "mysql": { machine, words in
            let options = AppletOptions(words, valued: "hPueD")
            return client(&machine, "mysql", options["h"] ?? options["host"] ?? "127.0.0.1", options["P"], 3306) { _ in
            }
        },
        "mongosh": { machine, words in
            client(&machine, "mongosh", "127.0.0.1", nil, 27_017) { $0.print("{ ok: 1 }\n") }
        },
        "mongo": { machine, words in
            client(&machine, "mongo", "127.0.0.1", nil, 27_017) { $0.print("{ \"ok\" : 1 }\n") }
        },
        "traceroute": { _, _ in 0 },
        "iptables": { _, _ in 0 },
    ]

    private static func client(
        _ machine: inout Machine,
        _ name: String,
        _ host: String,
        _ port: String?,
        _ usualPort: Int,
        _ talk: (inout Machine) -> Void
    ) -> Int {
        let number = port.flatMap { Int($0) } ?? usualPort
        guard let address = machine.addresses(of: host).first, machine.accepts(address, port: number) else {
            return fail(&machine, name, "Could not connect to \(host):\(number): Connection refused")
        }
        talk(&machine)
        return 0
    }

    private static func showInterfaces(_ machine: inout Machine) -> Int {
        let address = machine.kernel.configuration.podIP
        machine.print("1: lo    inet 127.0.0.1/8 scope host lo\n2: eth0    inet \(address)/24 scope global eth0\n")
        return 0
    }

    private static func showListeners(_ machine: inout Machine) -> Int {
        machine.print("Proto Recv-Q Send-Q Local Address           Foreign Address         State\n")
        for port in machine.kernel.openPorts {
            machine.print(
                "tcp        0      0 \(PrintFormatter.padded("0.0.0.0:\(port)", 23)) 0.0.0.0:*               LISTEN\n"
            )
        }
        return 0
    }

    // Names

    private static func lookUp(_ machine: inout Machine, _ words: [String]) -> Int {
        let names = AppletOptions(words, valued: "").words
        guard let name = names.first else { return usage(&machine, "nslookup") }
        let server = names.count > 1 ? names[1] : machine.kernel.configuration.nameserver
        let isOld = machine.container?.image.hasOldLookup ?? false
        guard server == machine.kernel.configuration.nameserver else {
            if !isOld { machine.complain("nslookup: write to '\(server)': Connection refused") }
            machine.print(";; connection timed out; no servers could be reached\n\n")
            return 1
        }
        if isOld {
            machine.print("Server:    \(server)\nAddress 1: \(server) kube-dns.kube-system.svc.cluster.local\n\n")
        } else {
            machine.print("Server:\t\t\(server)\nAddress:\t\(server):53\n\n")
        }
        // The present nslookup of busybox takes every name with a dot for a complete one.
        let isComplete = !isOld && machine.container?.flavour == .ash && name.contains(".")
        guard let (found, addresses) = machine.lookUp(isComplete && !name.hasSuffix(".") ? name + "." : name) else {
            if isOld {
                machine.complain("nslookup: can't resolve '\(name)'")
            } else {
                machine.print("** server can't find \(name): NXDOMAIN\n\n** server can't find \(name): NXDOMAIN\n\n")
            }
            return 1
        }
        if isOld { machine.print("Name:      \(name)\n") }
        for (index, address) in addresses.enumerated() {
            machine.print(
                isOld ? "Address \(index + 1): \(address) \(found)\n" : "Name:\t\(found)\nAddress: \(address)\n"
            )
        }
        if !isOld { machine.print("\n\n") }
        return 0
    }

    // Downloads

    /// The parts of a URL.
    private struct Address {
        var isSecure = false
        var host = ""
        var port = 80
        var path = "/"

        init(_ text: String) {
            var rest = text[...]
            if let mark = rest.firstRange(of: "://") {
                isSecure = rest.hasPrefix("https")
                rest = rest[mark.upperBound...]
            }
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            let after = rest.dropFirst(authority.count)
            if !after.isEmpty { path = after.hasPrefix("/") ? String(after) : "/" + after }
            let server = authority.split(separator: "@").last ?? authority
            port = isSecure ? 443 : 80
            if let colon = server.lastIndex(of: ":"), let number = Int(server[server.index(after: colon)...]) {
                port = number
                host = String(server[..<colon])
            } else {
                host = String(server)
            }
        }
    }

    /// Redirections that are followed.
    private static let maximumRedirections = 10

    private static func wget(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(words, valued: "OTPUtY")
        guard let url = options.words.first else { return usage(&machine, "wget") }
        let address = Address(url)
        let isQuiet = options.has("q") || options["quiet"] != nil
        guard let peer = machine.addresses(of: address.host).first else {
            return fail(&machine, "wget", "bad address '\(address.host)'")
        }
        let place = "\(address.host) (\(peer):\(address.port))"
        if !isQuiet { machine.complain("Connecting to \(place)") }
        guard machine.accepts(peer, port: address.port) else {
            return fail(&machine, "wget", "can't connect to remote host (\(peer)): Connection refused")
        }
        let body = options["post-data"] ?? ""
        guard
            let answer = follow(
                address,
                peer,
                HTTPProbe(path: address.path, method: body.isEmpty ? "GET" : "POST", body: body),
                &machine
            )
        else { return fail(&machine, "wget", "error getting response: Connection reset by peer") }
        if answer.status >= 400 {
            return fail(&machine, "wget", "server returned error: HTTP/1.1 \(answer.status) \(reason(answer.status))")
        }
        if options["spider"] != nil {
            if !isQuiet { machine.complain("remote file exists") }
            return 0
        }
        let last = address.path.split(separator: "?").first?.split(separator: "/").last.map(String.init)
        let output =
            options["O"] ?? options["output-document"] ?? (options["P"].map { $0 + "/" } ?? "") + (last ?? "index.html")
        if output == "-" {
            machine.write(answer.body, to: 1)
            return 0
        }
        let code = attempt(&machine, "wget", "can't open '\(output)'") { machine throws(Errno) in
            try machine.replace(output, with: answer.body)
        }
        if code == 0, !isQuiet { machine.complain("saving to '\(output)'\n'\(output)' saved") }
        return code
    }

    private static func follow(
        _ address: Address,
        _ peer: String,
        _ request: HTTPProbe,
        _ machine: inout Machine
    ) -> HTTPAnswer? {
        var address = address
        var peer = peer
        var request = request
        for _ in 0..<maximumRedirections {
            guard let answer = machine.answer(request, at: peer, port: address.port) else { return nil }
            guard (300..<400).contains(answer.status), let location = answer.location else { return answer }
            if location.hasPrefix("/") {
                request.path = location
            } else {
                address = Address(location)
                guard let next = machine.addresses(of: address.host).first else { return nil }
                peer = next
                request.path = address.path
            }
        }
        return HTTPAnswer(status: 310)
    }

    static func reason(_ status: Int) -> String {
        [
            200: "OK", 201: "Created", 204: "No Content", 301: "Moved Permanently", 302: "Found", 400: "Bad Request",
            401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error", 502: "Bad Gateway",
            503: "Service Unavailable",
        ][status] ?? "Unknown"
    }

    private static func curl(_ machine: inout Machine, _ words: [String]) -> Int {
        let options = AppletOptions(words, valued: "oXdHwmuAebTFKxC")
        guard let url = options["url"] ?? options.words.first(where: { !$0.isEmpty }) else { return 2 }
        let address = Address(url)
        func complain(_ code: Int, _ text: String, _ machine: inout Machine) -> Int {
            if !options.has("s") || options.has("S") { machine.complain("curl: (\(code)) \(text)") }
            return code
        }
        guard let peer = machine.addresses(of: address.host).first else {
            return complain(6, "Could not resolve host: \(address.host)", &machine)
        }
        guard machine.accepts(peer, port: address.port) else {
            let text =
                "Failed to connect to \(address.host) port \(address.port) after 0 ms: Couldn't connect to server"
            return complain(7, text, &machine)
        }
        let headers = (options.lists["H"] ?? []).compactMap { line -> EnvironmentVariable? in
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.drop { $0 == " " } }
            return parts.count == 2 ? EnvironmentVariable(String(parts[0]), String(parts[1])) : nil
        }
        let body = options["d"] ?? ""
        let method = options["X"] ?? (options.has("I") ? "HEAD" : body.isEmpty ? "GET" : "POST")
        let request = HTTPProbe(path: address.path, method: method, headers: headers, body: body)
        let isFollowing = options.has("L") || options["location"] != nil
        let answer =
            isFollowing
            ? follow(address, peer, request, &machine) : machine.answer(request, at: peer, port: address.port)
        guard let answer else { return complain(52, "Empty reply from server", &machine) }
        return finish(answer, options, &machine) { complain($0, $1, &$2) }
    }

    private static func finish(
        _ answer: HTTPAnswer,
        _ options: AppletOptions,
        _ machine: inout Machine,
        _ complain: (Int, String, inout Machine) -> Int
    ) -> Int {
        let isFailing = options.has("f") || options["fail"] != nil
        if answer.status >= 400, isFailing {
            return complain(22, "The requested URL returned error: \(answer.status)", &machine)
        }
        var output: [UInt8] = []
        if options.has("I") || options.has("i") {
            let head = "HTTP/1.1 \(answer.status) \(reason(answer.status))\r\nContent-Type: \(answer.contentType)\r\n"
            output += Array((head + "Content-Length: \(answer.body.count)\r\n\r\n").utf8)
        }
        if !options.has("I") { output += answer.body }
        var code = 0
        if let path = options["o"] ?? options["output"] {
            code = attempt(&machine, "curl", path) { machine throws(Errno) in
                if path != "/dev/null" { try machine.replace(path, with: output) }
            }
        } else if !output.isEmpty {
            machine.write(output, to: 1)
        }
        if let format = options["w"] ?? options["write-out"] {
            let text = format.replacing("%{http_code}", with: String(answer.status))
                .replacing("%{response_code}", with: String(answer.status))
            machine.write(EscapedText.resolve(Array(text.utf8), .format).bytes, to: 1)
        }
        return code
    }
}

extension Machine {
    /// The complete name under which a host is found, with its addresses.
    func lookUp(_ host: String) -> (name: String, addresses: [String])? {
        if Self.isAddress(host) { return (host, [host]) }
        for name in searchNames(for: host.lowercased()) {
            let found = world.resolve(name)
            if !found.isEmpty { return (name, found) }
        }
        return nil
    }
}

extension String {
    fileprivate var withoutLastDot: String { hasSuffix(".") ? String(dropLast()) : self }
}
