// SPDX-License-Identifier: Apache-2.0
// Ports that a pod's containers listen on and what they answer there.

import OrderedCollections
import PodiumMachinery

/// A port that accepts connections.
package struct Listener: Hashable, Sendable {
    /// The number of the process that listens.
    package let process: Int
    let container: Int
    let service: NetworkService
    let since: Timestamp
}

/// What a listening program says.
package enum NetworkService: Hashable, Sendable {
    /// Accepts connections and says nothing that HTTP could use.
    case silent
    /// 200 for every request, with TLS or without, as a program that is not interpreted is taken to do.
    case anything
    /// Files below a directory of the listening container.
    case files(root: String, style: FileServerStyle)
    /// The test image's `liveness`: 200 on `/healthz` for ten seconds, then 500.
    case liveness
    /// The test image's `netexec`.
    case netexec
    /// The host name, as `serve-hostname` and `hello-app` give it.
    case hostname(prefix: String)
    /// One conversation of `nc -l`: what it says, head and body, and the pipe to which goes what it is told.
    case conversation(answer: [UInt8], inbox: Int)
}

/// The manners of a file server.
package enum FileServerStyle: Hashable, Sendable {
    case nginx, apache, busybox, python

    /// The page of an error.
    func page(_ status: Int) -> String {
        let title =
            switch status {
            case 403: "Forbidden"
            case 404: "Not Found"
            default: "Moved Permanently"
            }
        switch self {
        case .nginx:
            let head = "<html>\r\n<head><title>\(status) \(title)</title></head>\r\n<body>\r\n"
            return head
                + "<center><h1>\(status) \(title)</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        case .busybox:
            let head = "<HTML><HEAD><TITLE>\(status) \(title)</TITLE></HEAD>\n<BODY><H1>\(status) \(title)</H1>\n"
            return head + "The requested URL was not found\n</BODY></HTML>\n"
        case .apache, .python:
            return "<html><head><title>\(status) \(title)</title></head><body><h1>\(title)</h1></body></html>\n"
        }
    }
}

extension Kernel {
    /// Who accepts connections on a port.
    ///
    /// Programs that are interpreted come first: that another one is expected to serve a port does not take it.
    package func listener(on port: Int) -> Listener? {
        if let listener = listeners[port] { return listener }
        for (number, container) in containers.sorted(by: { $0.key < $1.key }) where container.exit == nil {
            guard let process = container.answering.first, container.expectedPorts.contains(port) else { continue }
            return Listener(process: process, container: number, service: .anything, since: container.startedAt)
        }
        return nil
    }

    /// How long `liveness` says that it lives.
    // Kubernetes: test/images/agnhost/liveness/server.go
    private static let livenessLife: Duration = .seconds(10)

    /// The ports that accept connections, in order.
    package var openPorts: [Int] {
        let expected = containers.values.filter { $0.exit == nil && !$0.answering.isEmpty }
        return Set(listeners.keys).union(expected.flatMap(\.expectedPorts)).sorted()
    }

    /// The answer on a port of the pod; nil when the connection is refused or what listens does not speak HTTP.
    func answer(_ request: HTTPProbe, port: Int, now: Timestamp) -> HTTPAnswer? {
        guard let listener = listener(on: port) else { return nil }
        let path = String(request.path.prefix { $0 != "?" && $0 != "#" })
        switch listener.service {
        case .silent: return nil
        case .anything: return HTTPAnswer(status: 200, body: "ok\n")
        case .files(let root, let style): return serve(path, below: root, style: style, container: listener.container)
        case .liveness:
            guard path == "/healthz" else { return HTTPAnswer(status: 404, body: "404 page not found\n") }
            let age = now - listener.since
            return age <= Self.livenessLife
                ? HTTPAnswer(status: 200, body: "ok")
                : HTTPAnswer(status: 500, body: "error: \(age.nanoseconds / 1_000_000_000)s")
        case .netexec: return netexec(request, path: path, now: now)
        case .hostname(let prefix): return HTTPAnswer(status: 200, body: prefix + configuration.hostname + "\n")
        case .conversation(let bytes, _): return Self.parseAnswer(bytes)
        }
    }

    private func serve(_ path: String, below root: String, style: FileServerStyle, container: Int) -> HTTPAnswer {
        func node(_ path: String) -> FileNode? {
            guard let location = try? locate(path, in: container) else { return nil }
            return self.node(at: location)
        }
        func fault(_ status: Int) -> HTTPAnswer {
            HTTPAnswer(status: status, body: style.page(status), contentType: "text/html")
        }
        if path.split(separator: "/").contains("..") { return fault(404) }
        guard var found = node(root + path) else { return fault(404) }
        var name = path
        if found.kind == .directory {
            if !path.hasSuffix("/") {
                var moved = fault(style == .busybox ? 302 : 301)
                moved.location = path + "/"
                return moved
            }
            name = path + "index.html"
            guard let index = node(root + name) else {
                if style == .python || style == .apache { return HTTPAnswer(status: 200, body: listing(found)) }
                return fault(style == .nginx ? 403 : 404)
            }
            found = index
        }
        var answer = HTTPAnswer(status: 200, contentType: Self.contentType(of: name))
        answer.body = found.content.bytes
        return answer
    }

    private func listing(_ directory: FileNode) -> String {
        let items = directory.children.keys.sorted().map { "<li><a href=\"\($0)\">\($0)</a></li>\n" }.joined()
        return "<html><body><h1>Index of /</h1>\n<ul>\n\(items)</ul>\n</body></html>\n"
    }

    private static func contentType(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "html", "htm": "text/html"
        case "json": "application/json"
        case "txt", "log": "text/plain"
        case "css": "text/css"
        case "js": "application/javascript"
        default: "application/octet-stream"
        }
    }

    private func netexec(_ request: HTTPProbe, path: String, now: Timestamp) -> HTTPAnswer {
        let query = request.path.split(separator: "?", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
        func parameter(_ name: String) -> String? {
            query.split(separator: "&").first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
        }
        switch path {
        case "/": return HTTPAnswer(status: 200, body: "NOW: \(now.rfc3339Nano)")
        case "/healthz", "/readyz": return HTTPAnswer(status: 200)
        case "/hostname", "/hostName": return HTTPAnswer(status: 200, body: configuration.hostname)
        case "/clientip": return HTTPAnswer(status: 200, body: "\(configuration.podIP):40000")
        case "/echo":
            let code = parameter("code").flatMap { Int($0) } ?? 200
            return HTTPAnswer(status: (100..<600).contains(code) ? code : 200, body: parameter("msg") ?? "")
        case "/redirect":
            let code = parameter("code").flatMap { Int($0) } ?? 302
            return HTTPAnswer(status: code, location: Self.percentDecoded(parameter("location") ?? "/"))
        case "/header":
            let name = parameter("key") ?? ""
            let value = request.headers.first { $0.name.lowercased() == name.lowercased() }?.value ?? ""
            return HTTPAnswer(status: 200, body: value)
        default: return HTTPAnswer(status: 404, body: "404 page not found\n")
        }
    }

    /// Resolves `%2F` and the like; faults stay as they are.
    static func percentDecoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let unit = rest.popFirst() {
            if unit == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(rest.prefix(2).text, radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(unit)
            }
        }
        return bytes.text
    }

    /// Reads `HTTP/1.1 200 OK`, headers, an empty line and the body; nil when it is no HTTP.
    static func parseAnswer(_ bytes: [UInt8]) -> HTTPAnswer? {
        let lines = MessageText.lines(bytes)
        guard let words = lines.first?.split(separator: " "), words.count >= 2, words[0].hasPrefix("HTTP/"),
            let status = Int(words[1]), (100..<600).contains(status)
        else { return nil }
        var answer = HTTPAnswer(status: status)
        answer.body = MessageText.bodyStart(bytes).map { Array(bytes[$0...]) } ?? []
        return answer
    }
}

extension Machine {
    /// Listens on a port; false when it is taken.
    package mutating func listen(_ port: Int, _ service: NetworkService) -> Bool {
        if let other = kernel.listeners[port] { return other.process == process.number }
        let listener = Listener(process: process.number, container: process.container, service: service, since: now)
        kernel.listeners[port] = listener
        return true
    }

    /// Whether an address is the pod's own.
    package func isOwn(_ address: String) -> Bool {
        address == kernel.configuration.podIP || address.hasPrefix("127.") || address == "0.0.0.0" || address == "::1"
    }

    /// The answer of an address, inside or outside of the pod.
    package func answer(_ request: HTTPProbe, at address: String, port: Int) -> HTTPAnswer? {
        isOwn(address)
            ? kernel.answer(request, port: port, now: now) : world.answer(request, at: address, port: port)
    }

    /// Whether an address accepts connections.
    package func accepts(_ address: String, port: Int) -> Bool {
        isOwn(address) ? kernel.listener(on: port) != nil : world.accepts(address: address, port: port)
    }

    /// The addresses of a host: literal, from `/etc/hosts`, or from the cluster's DNS.
    package func addresses(of host: String) -> [String] {
        if let address = HostAddress.literal(host) { return [address] }
        let lower = host.lowercased()
        if let text = try? contents("/etc/hosts").text {
            for line in text.split(separator: "\n") where !line.hasPrefix("#") {
                let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
                if let first = words.first, !first.contains(":"), words.dropFirst().contains(where: { $0 == lower }) {
                    return [String(first)]
                }
            }
        }
        for name in searchNames(for: lower) {
            let found = world.resolve(name)
            if !found.isEmpty { return found }
        }
        return []
    }

    /// The complete names to ask for, in order, as `ndots:5` and the search path say.
    package func searchNames(for host: String) -> [String] {
        if host.hasSuffix(".") { return [String(host.dropLast())] }
        let dots = host.utf8.reduce(0) { $0 + ($1 == UInt8(ascii: ".") ? 1 : 0) }
        let suffixed = kernel.configuration.searchDomains.map { host + "." + $0 }
        return dots >= 5 ? [host] + suffixed : suffixed + [host]
    }
}
