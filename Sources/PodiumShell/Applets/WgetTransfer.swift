// SPDX-License-Identifier: Apache-2.0
// One download of wget, with what it tells on the way.

import PodiumCodec
import PodiumRuntime

/// What wget does for one URL.
struct WgetTransfer: Sendable {
    let options: WgetOptions
    let isGNU: Bool
    let url: String
    var code = 0
    /// The milliseconds to wait before it is known that nobody answers.
    var waits: Int?
    /// Whether that time has passed.
    var hasTimedOut = false
    var isRefused = false

    init(_ options: WgetOptions, isGNU: Bool, url: String) {
        self.options = options
        self.isGNU = isGNU
        self.url = url
    }

    private func say(_ text: String, _ machine: inout Machine) {
        if options.isQuiet { return }
        if let path = options["output-file"] ?? options["append-output"], path != "-" {
            let old = (try? machine.contents(path)) ?? []
            do { try machine.replace(path, with: old + Array((text + "\n").utf8)) } catch { return }
            return
        }
        machine.complain(text)
    }

    private mutating func fail(_ code: Int, _ text: String, _ machine: inout Machine) {
        self.code = isGNU ? code : 1
        machine.complain("wget: " + text)
    }

    private func stamp(_ machine: Machine) -> String { CivilTime(machine.now).formatted("%Y-%m-%d %H:%M:%S") }

    mutating func perform(limit: Int, _ machine: inout Machine) {
        guard var next = WebAddress(url) else { return fail(1, "bad address ''", &machine) }
        guard ["http", "https"].contains(next.scheme) else {
            let text = next.scheme == "ftp" ? "FTP is not simulated" : "not an http or ftp url: \(url)"
            if next.scheme == "ftp" { machine.note("Downloads by FTP are not simulated") }
            return fail(1, text, &machine)
        }
        guard var request = request(to: next, &machine) else { return }
        for step in 0...limit {
            machine.spend(4)
            if isGNU, !hasTimedOut { say("--\(stamp(machine))--  \(next.text)", &machine) }
            guard let peer = connect(to: next, isFirst: step == 0, &machine) else { return }
            guard let answer = machine.answer(request, at: peer, port: next.port) else {
                return fail(4, "error getting response: Connection reset by peer", &machine)
            }
            if isGNU { say(gnuStatus(answer), &machine) }
            if options.has("server-response") {
                machine.complain(answer.head.map { "  " + $0 }.joined(separator: "\n") + (isGNU ? "" : "\n  "))
            }
            if (300..<400).contains(answer.status), let location = answer.location,
                let target = next.following(location)
            {
                if isGNU { say("Location: \(location) [following]", &machine) }
                next = target
                request.path = target.path
                if request.method == "POST", ![307, 308].contains(answer.status) {
                    request.method = "GET"
                    request.body = ""
                }
                continue
            }
            return finish(answer, from: next, &machine)
        }
        isGNU ? fail(8, "\(limit) redirections exceeded.", &machine) : fail(1, "too many redirections", &machine)
    }

    private func gnuStatus(_ answer: HTTPAnswer) -> String {
        "HTTP request sent, awaiting response... \(answer.status) \(HTTPAnswer.reason(answer.status))"
    }

    private mutating func request(to target: WebAddress, _ machine: inout Machine) -> HTTPProbe? {
        var body = options["post-data"] ?? options["body-data"]
        if let path = options["post-file"] ?? options["body-file"] {
            guard let text = try? machine.contents(path).text else {
                fail(
                    3,
                    isGNU
                        ? "BODY data file '\(path)' missing: No such file or directory"
                        : "can't open '\(path)': No such file or directory",
                    &machine
                )
                return nil
            }
            body = text
        }
        var headers = [
            EnvironmentVariable("Host", target.authority),
            EnvironmentVariable("User-Agent", options["user-agent"] ?? (isGNU ? "Wget/1.21.3" : "Wget")),
        ]
        if isGNU {
            headers.append(EnvironmentVariable("Accept", "*/*"))
            headers.append(EnvironmentVariable("Accept-Encoding", "identity"))
        }
        headers.append(EnvironmentVariable("Connection", isGNU ? "Keep-Alive" : "close"))
        let name = options["http-user"] ?? options["user"]
        let password = options["http-password"] ?? options["password"] ?? ""
        if let user = name.map({ "\($0):\(password)" }) ?? target.user {
            headers.append(EnvironmentVariable("Authorization", "Basic " + Base64.encode(user.utf8)))
        }
        if let body {
            headers.append(EnvironmentVariable("Content-Type", "application/x-www-form-urlencoded"))
            headers.append(EnvironmentVariable("Content-Length", String(body.utf8.count)))
        }
        for line in options.values(of: "header") {
            let name = String(line.prefix { $0 != ":" })
            headers.removeAll { $0.name.lowercased() == name.lowercased() }
            headers.append(EnvironmentVariable(name, String(line.dropFirst(name.count + 1).drop { $0 == " " })))
        }
        let usual = options.has("spider") ? "HEAD" : body == nil ? "GET" : "POST"
        // busybox asks with GET even where it wants no body.
        let method = options["method"] ?? (isGNU ? usual : body == nil ? "GET" : "POST")
        return HTTPProbe(path: target.path, method: method, headers: headers, body: body ?? "")
    }

    /// The address that is connected to; nil when nothing comes of it.
    private mutating func connect(to target: WebAddress, isFirst: Bool, _ machine: inout Machine) -> String? {
        guard let peer = machine.addresses(of: target.host).first else {
            if isGNU {
                say("Resolving \(target.host) (\(target.host))... failed: Name or service not known.", &machine)
                fail(4, "unable to resolve host address ‘\(target.host)’", &machine)
            } else {
                fail(1, "bad address '\(target.host)'", &machine)
            }
            return nil
        }
        let named = target.hasPort || !isGNU ? "\(target.host):\(target.port)" : target.authority
        let reach = machine.reach(peer, port: target.port)
        if !isGNU {
            let host = target.hasPort ? named : target.host
            if !hasTimedOut, isFirst { say("Connecting to \(host) (\(peer):\(target.port))", &machine) }
        } else if !hasTimedOut {
            if peer != target.host { say("Resolving \(target.host) (\(target.host))... \(peer)", &machine) }
            let place =
                peer == target.host
                ? "\(peer):\(target.port)" : "\(target.host) (\(target.host))|\(peer)|:\(target.port)"
            if reach != .silent {
                say(
                    "Connecting to \(place)... \(reach == .open ? "connected." : "failed: Connection refused.")",
                    &machine
                )
            } else {
                say("Connecting to \(place)... failed: Connection timed out.", &machine)
            }
        }
        switch reach {
        case .open: return peer
        case .refused:
            isRefused = true
            if isGNU {
                code = 4
            } else {
                fail(4, "can't connect to remote host (\(peer)): Connection refused", &machine)
            }
        case .silent:
            let limit = min(options.timeout ?? .max, CurlProgram.connectTimeout)
            guard hasTimedOut else {
                waits = limit
                return nil
            }
            if isGNU {
                code = 4
            } else if options.timeout == limit {
                fail(1, "download timed out", &machine)
            } else {
                fail(1, "can't connect to remote host (\(peer)): Connection timed out", &machine)
            }
        }
        return nil
    }

    private mutating func finish(_ answer: HTTPAnswer, from source: WebAddress, _ machine: inout Machine) {
        if answer.status >= 400 {
            let reason = HTTPAnswer.reason(answer.status)
            guard isGNU else { return fail(1, "server returned error: HTTP/1.1 \(answer.status) \(reason)", &machine) }
            code = 8
            if options.has("non-verbose") { machine.complain("\(source.text):") }
            if !options.has("quiet") { machine.complain("\(stamp(machine)) ERROR \(answer.status): \(reason).") }
            if options.has("spider") { say("Remote file does not exist -- broken link!!!\n", &machine) }
            return
        }
        if options.has("spider") {
            return say(
                isGNU
                    ? "Length: \(answer.body.count) [\(answer.contentType)]\nRemote file exists.\n"
                    : "remote file exists",
                &machine
            )
        }
        var name = options["output-document"] ?? ""
        if name.isEmpty {
            let own = source.fileName.isEmpty ? "index.html" : source.fileName
            name = (options["directory-prefix"].map { $0 + "/" } ?? "") + own
        }
        if isGNU {
            say(
                "Length: \(answer.body.count) [\(answer.contentType)]\nSaving to: ‘\(name == "-" ? "STDOUT" : name)’",
                &machine
            )
        }
        if name == "-" {
            if !isGNU { say("writing to stdout", &machine) }
            machine.write(answer.body, to: 1)
        } else if !save(answer.body, as: &name, &machine) {
            return
        }
        conclude(answer, source, name, &machine)
    }

    /// Writes the file; false when it cannot be.
    private mutating func save(_ body: [UInt8], as name: inout String, _ machine: inout Machine) -> Bool {
        let isNamed = options["output-document"] != nil
        if !isNamed, machine.node(name) != nil, !options.has("continue") {
            guard isGNU else {
                fail(1, "can't open '\(name)': File exists", &machine)
                return false
            }
            var number = 1
            while machine.node("\(name).\(number)") != nil, number < 1000 { number += 1 }
            name += ".\(number)"
        }
        if isGNU, let slash = name.lastIndex(of: "/"), !isNamed {
            _ = Applets.makeDirectories(&machine, ["mkdir", "-p", String(name[..<slash])])
        }
        if name == "/dev/null" { return true }
        do {
            try machine.replace(name, with: body)
            return true
        } catch {
            fail(1, isGNU ? "\(name): \(error.text)" : "can't open '\(name)': \(error.text)", &machine)
            return false
        }
    }

    private func conclude(_ answer: HTTPAnswer, _ source: WebAddress, _ name: String, _ machine: inout Machine) {
        let size = answer.body.count
        if isGNU {
            if options.has("non-verbose"), !options.has("quiet") {
                machine.complain("\(stamp(machine)) URL:\(source.text) [\(size)/\(size)] -> \"\(name)\" [1]")
            }
            let target = name == "-" ? "written to stdout" : "‘\(name)’ saved"
            return say("\n\(stamp(machine)) (1.00 MB/s) - \(target) [\(size)/\(size)]\n", &machine)
        }
        if name != "-" { say("saving to '\(name)'", &machine) }
        let last = name.split(separator: "/").last.map(String.init) ?? name
        let shown = PrintFormatter.padded(String(last.prefix(20)), 20)
        let bar = String(repeating: "*", count: 32)
        let count = PrintFormatter.padded(String(size), 5, left: false)
        say("\(shown) 100% |\(bar)| \(count)  0:00:00 ETA", &machine)
        say(name == "-" ? "written to stdout" : "'\(name)' saved", &machine)
    }
}
