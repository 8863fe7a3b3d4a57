// SPDX-License-Identifier: Apache-2.0
// One transfer of curl: the request that its options make, and what comes of it.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// What curl does for one URL.
struct CurlTransfer: Sendable {
    let options: CurlOptions
    let url: String
    let input: [UInt8]
    /// The milliseconds that pass before it is known what becomes of it.
    var waits = 0
    var code = 0
    var message = ""
    var answer: HTTPAnswer?
    /// The heads of all answers on the way, the last one included.
    var heads: [[String]] = []
    /// What `-v` tells.
    var story: [String] = []
    var redirections = 0
    var address: WebAddress?
    var peer = ""
    var method = "GET"
    /// Whether a connection was refused.
    var isRefused = false

    init(_ options: CurlOptions, url: String, input: [UInt8]) {
        self.options = options
        self.url = url
        self.input = input
    }

    private mutating func fail(_ code: Int, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Asks, and asks again where an answer points elsewhere.
    mutating func perform(_ machine: inout Machine) {
        guard var next = WebAddress(url) else { return fail(3, "URL using bad/illegal format or missing URL") }
        guard ["http", "https"].contains(next.scheme) else {
            return fail(1, "Protocol \"\(next.scheme)\" not supported or disabled in libcurl")
        }
        guard var request = request(to: &next, &machine) else { return }
        let limit = options["max-redirs"].flatMap { Int($0) } ?? CurlProgram.maximumRedirections
        while true {
            machine.spend(4)
            address = next
            method = request.method
            guard connect(to: next, &machine) else { return }
            tell(request, to: next)
            guard let found = machine.answer(request, at: peer, port: next.port) else {
                return fail(52, "Empty reply from server")
            }
            answer = found
            heads.append(found.head)
            story += found.head.map { "< " + $0 } + ["< "]
            guard options.has("location") || options.has("location-trusted"), (300..<400).contains(found.status),
                let location = found.location, let target = next.following(location)
            else { return finish(found) }
            if redirections >= limit, limit >= 0 { return fail(47, "Maximum (\(limit)) redirects followed") }
            redirections += 1
            next = target
            request.path = target.path
            // A form becomes a question, unless the answer says that it must not.
            if ![307, 308].contains(found.status), request.method == "POST", options["request"] == nil {
                request.method = "GET"
                request.body = ""
            }
        }
    }

    private mutating func finish(_ answer: HTTPAnswer) {
        guard answer.status >= 400, options.has("fail") || options.has("fail-with-body") else { return }
        fail(22, "The requested URL returned error: \(answer.status)")
    }

    /// Connects; false when nothing comes of it.
    private mutating func connect(to target: WebAddress, _ machine: inout Machine) -> Bool {
        guard let found = place(of: target, machine) else {
            fail(6, "Could not resolve host: \(target.host)")
            return false
        }
        peer = found
        story.append("*   Trying \(found):\(target.port)...")
        let name = "\(target.host) port \(target.port)"
        switch machine.reach(found, port: target.port) {
        case .open:
            story.append("* Connected to \(target.host) (\(found)) port \(target.port) (#0)")
            return true
        case .refused:
            isRefused = true
            story.append("* connect to \(found) port \(target.port) failed: Connection refused")
            fail(7, "Failed to connect to \(name) after 0 ms: Couldn't connect to server")
        case .silent:
            let whole = options.milliseconds("max-time").flatMap { $0 > 0 ? $0 : nil }
            let connecting = options.milliseconds("connect-timeout").flatMap { $0 > 0 ? $0 : nil }
            waits = min(whole ?? .max, connecting ?? .max, CurlProgram.connectTimeout)
            if waits == whole {
                fail(28, "Connection timed out after \(waits) milliseconds")
            } else if waits == connecting {
                fail(28, "Failed to connect to \(name) after \(waits) ms: Timeout was reached")
            } else {
                fail(28, "Failed to connect to \(name) after \(waits) ms: Couldn't connect to server")
            }
        }
        return false
    }

    /// The address of a host, which `--resolve` and `--connect-to` may give.
    private func place(of target: WebAddress, _ machine: Machine) -> String? {
        for entry in options.values(of: "resolve") {
            let parts = entry.split(separator: ":", maxSplits: 2).map(String.init)
            guard parts.count == 3, parts[0] == target.host || parts[0] == "*", parts[1] == String(target.port) else {
                continue
            }
            return parts[2].split(separator: ",").first.map { String($0.filter { $0 != "[" && $0 != "]" }) }
        }
        for entry in options.values(of: "connect-to") {
            let parts = entry.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 4, parts[0].isEmpty || parts[0] == target.host, !parts[2].isEmpty else { continue }
            return machine.addresses(of: parts[2]).first
        }
        return machine.addresses(of: target.host).first
    }

    private mutating func tell(_ request: HTTPProbe, to target: WebAddress) {
        story.append("> \(request.method) \(request.path) HTTP/1.1")
        story += request.headers.map { "> \($0.name): \($0.value)" } + ["> "]
        if !request.body.isEmpty { story.append("} [\(request.body.utf8.count) bytes data]") }
    }

    /// Why another attempt may help; nil when none does.
    var reasonToRetry: String? {
        if options.has("retry-all-errors"), code != 0 { return "(retrying all errors)" }
        if isRefused { return options.has("retry-connrefused") ? "connection refused" : nil }
        if code == 28 || code == 6 { return "timeout" }
        let status = answer?.status ?? 0
        return [408, 429, 500, 502, 503, 504].contains(status) ? "HTTP error" : nil
    }

    // The request

    private mutating func request(to target: inout WebAddress, _ machine: inout Machine) -> HTTPProbe? {
        guard let body = body(&machine) else { return nil }
        var method = "GET"
        var text = body ?? ""
        if options.has("get") {
            let query = ([options["url-query"], body].compactMap { $0 }).joined(separator: "&")
            if !query.isEmpty { target.path += (target.path.contains("?") ? "&" : "?") + query }
            text = ""
        } else if let query = options["url-query"] {
            target.path += (target.path.contains("?") ? "&" : "?") + query
        }
        if options.has("head") {
            method = "HEAD"
        } else if body != nil, !options.has("get") {
            method = "POST"
        }
        if let file = options["upload-file"] {
            method = "PUT"
            if file == "-" {
                text = input.text
            } else if let content = try? machine.contents(file).text {
                text = content
                if target.path.hasSuffix("/"), let name = file.split(separator: "/").last { target.path += name }
            } else {
                fail(26, "Can't open '\(file)'!")
                return nil
            }
        }
        method = options["request"] ?? method
        let headers = headers(to: target, body: method == "GET" && text.isEmpty ? nil : text)
        return HTTPProbe(path: target.path, method: method, headers: headers, body: text)
    }

    /// The headers in curl's order; those that are given replace its own, an empty one takes its own away.
    private func headers(to target: WebAddress, body: String?) -> [EnvironmentVariable] {
        var headers = [EnvironmentVariable("Host", target.authority)]
        if let user = options["user"] ?? target.user {
            let name = user.contains(":") ? user : user + ":"
            headers.append(EnvironmentVariable("Authorization", "Basic " + Base64.encode(name.utf8)))
        }
        if let token = options["oauth2-bearer"] {
            headers.append(EnvironmentVariable("Authorization", "Bearer " + token))
        }
        headers.append(EnvironmentVariable("User-Agent", options["user-agent"] ?? "curl/7.88.1"))
        if options.has("json") { headers.append(EnvironmentVariable("Content-Type", "application/json")) }
        headers.append(EnvironmentVariable("Accept", options.has("json") ? "application/json" : "*/*"))
        if options.has("compressed") {
            headers.append(EnvironmentVariable("Accept-Encoding", "deflate, gzip, br, zstd"))
        }
        if let referer = options["referer"] { headers.append(EnvironmentVariable("Referer", referer)) }
        let cookies = options.values(of: "cookie").filter { $0.contains("=") }
        if !cookies.isEmpty { headers.append(EnvironmentVariable("Cookie", cookies.joined(separator: ";"))) }
        var added: [EnvironmentVariable] = []
        for line in options.values(of: "header") where !line.hasPrefix("@") {
            let name = String(line.prefix { $0 != ":" && $0 != ";" })
            let rest = line.dropFirst(name.count)
            let value = String(rest.dropFirst().drop { $0 == " " })
            let isHost = name.lowercased() == "host"
            headers.removeAll { $0.name.lowercased() == name.lowercased() }
            guard !value.isEmpty || rest.hasPrefix(";") else { continue }
            if isHost {
                headers.insert(EnvironmentVariable("Host", value), at: 0)
            } else {
                added.append(EnvironmentVariable(name, value))
            }
        }
        headers += added
        guard let body, !body.isEmpty || options.settings.contains(where: { $0.name.hasPrefix("data") }) else {
            return headers
        }
        headers.append(EnvironmentVariable("Content-Length", String(body.utf8.count)))
        if !options.has("upload-file"), !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            let form = "multipart/form-data; boundary=\(Self.boundary)"
            headers.append(EnvironmentVariable("Content-Type", isForm ? form : "application/x-www-form-urlencoded"))
        }
        return headers
    }

    private var isForm: Bool { options.has("form") || options.has("form-string") }
    private static let boundary = "------------------------d74496d66958873e"

    /// The data of all options together: nil inside when there is none, nil when a file is missing.
    private mutating func body(_ machine: inout Machine) -> String?? {
        var parts: [String] = []
        for setting in options.settings {
            switch setting.name {
            case "data", "data-ascii", "data-binary", "json":
                guard let text = content(setting.value, &machine) else { return nil }
                let isText = setting.name == "data" || setting.name == "data-ascii"
                let isFile = isText && setting.value.hasPrefix("@")
                parts.append(isFile ? text.filter { !$0.isNewline } : text)
            case "data-raw": parts.append(setting.value)
            case "data-urlencode":
                guard let text = encoded(setting.value, &machine) else { return nil }
                parts.append(text)
            default: break
            }
        }
        if isForm { return .some(form(&machine)) }
        if parts.isEmpty { return .some(nil) }
        return .some(parts.joined(separator: options.has("json") ? "" : "&"))
    }

    /// A value, or what the file behind `@` holds.
    private mutating func content(_ value: String, _ machine: inout Machine) -> String? {
        guard value.hasPrefix("@") else { return value }
        let path = String(value.dropFirst())
        if path == "-" { return input.text }
        if let text = try? machine.contents(path).text { return text }
        if options.has("json") || !options.has("silent") {
            Self.warn("Couldn't read data from file \"\(path)\", this makes an empty POST.", &machine)
        }
        return ""
    }

    /// `content`, `=content`, `name=content`, `@file`, `name@file`.
    private mutating func encoded(_ value: String, _ machine: inout Machine) -> String? {
        guard let mark = value.firstIndex(where: { $0 == "=" || $0 == "@" }) else { return Self.percentEncoded(value) }
        let name = String(value[..<mark])
        let rest = String(value[mark...])
        guard let text = rest.hasPrefix("@") ? content(rest, &machine) : String(rest.dropFirst()) else { return nil }
        return (name.isEmpty ? "" : name + "=") + Self.percentEncoded(text)
    }

    private static func percentEncoded(_ text: String) -> String {
        var result = ""
        for unit in text.utf8 {
            if unit.isAlphanumeric || "-._~".utf8.contains(unit) {
                result.unicodeScalars.append(UnicodeScalar(unit))
            } else if unit == 0x20 {
                result += "+"
            } else {
                let digits = String(unit, radix: 16, uppercase: true)
                result += "%" + (digits.utf8.count < 2 ? "0" : "") + digits
            }
        }
        return result
    }

    private func form(_ machine: inout Machine) -> String {
        var text = ""
        for field in options.settings where field.name == "form" || field.name == "form-string" {
            let parts = field.value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
                String.init
            )
            let value = parts.count > 1 ? parts[1] : ""
            text += "--\(Self.boundary)\r\nContent-Disposition: form-data; name=\"\(parts[0])\""
            if field.name == "form", value.hasPrefix("@") || value.hasPrefix("<") {
                let path = String(value.dropFirst().prefix { $0 != ";" })
                let name = path.split(separator: "/").last.map(String.init) ?? path
                if value.hasPrefix("@") {
                    text += "; filename=\"\(name)\"\r\nContent-Type: application/octet-stream"
                }
                text += "\r\n\r\n\((try? machine.contents(path).text) ?? "")\r\n"
            } else {
                text += "\r\n\r\n\(value)\r\n"
            }
        }
        return text + "--\(Self.boundary)--\r\n"
    }
}
