// SPDX-License-Identifier: Apache-2.0
// What curl writes of a transfer: body, heads, its story, its progress, and what `--write-out` asks for.

import PodiumRuntime

extension CurlTransfer {
    /// Writes everything that a transfer came to. `number` is that of the URL.
    mutating func deliver(number: Int, _ machine: inout Machine) {
        let output = output(number)
        let isSilent = options.has("silent") || options.has("no-progress-meter")
        let isMetered = !isSilent && !(output == nil && machine.isTerminal(1))
        if isMetered { meter(&machine) }
        if options.has("verbose") { for line in story { machine.complain(line) } }
        if let path = options["dump-header"], !heads.isEmpty {
            write(heads.map(Self.joined).joined().utf8.map { $0 }, to: path == "-" ? nil : path, &machine)
        }
        var bytes: [UInt8] = []
        if options.has("include") || options.has("head") { bytes = Array(heads.map(Self.joined).joined().utf8) }
        let isRefused = code == 22 && !options.has("fail-with-body")
        if !options.has("head"), !isRefused { bytes += answer?.body ?? [] }
        if answer != nil, code == 0 || code == 22 {
            if options.has("remote-name") || options.has("remote-name-all"), output == nil, options["output"] == nil {
                code = 23
                message = "Failed writing received data to disk/application"
            } else if !bytes.isEmpty || output != nil, !isRefused || !bytes.isEmpty {
                write(bytes, to: output, &machine)
            }
        }
        if options.has("verbose"), answer != nil {
            machine.complain("* Connection #0 to host \(address?.host ?? "") left intact")
        }
        if code != 0, !options.has("silent") || options.has("show-error") {
            machine.complain("curl: (\(code)) \(message)")
        }
        if let format = options["write-out"] { writeOut(format, &machine) }
    }

    private static func joined(_ head: [String]) -> String { head.map { $0 + "\r\n" }.joined() + "\r\n" }

    /// Tells a warning, broken as curl breaks it.
    static func warn(_ text: String, _ machine: inout Machine) {
        let width = 79 - "Warning: ".utf8.count
        var rest = text[...]
        while !rest.isEmpty {
            var line = rest.prefix(width)
            if line.count < rest.count, let blank = line.lastIndex(of: " ") { line = line[...blank] }
            machine.complain("Warning: " + line)
            rest = rest.dropFirst(line.count)
        }
    }

    /// The file that the body goes to; nil for standard output.
    private func output(_ number: Int) -> String? {
        let given = options.values(of: "output")
        var path: String?
        if number < given.count {
            path = given[number] == "-" ? nil : given[number]
        } else if options.has("remote-name") || options.has("remote-name-all") {
            let name = WebAddress(url)?.fileName ?? ""
            path = name.isEmpty ? nil : name
        }
        guard let path, let directory = options["output-dir"], !path.hasPrefix("/") else { return path }
        return directory + "/" + path
    }

    private mutating func write(_ bytes: [UInt8], to path: String?, _ machine: inout Machine) {
        guard let path else {
            machine.write(bytes, to: 1)
            return
        }
        if path == "/dev/null" { return }
        if options.has("create-dirs"), let slash = path.lastIndex(of: "/") {
            _ = Applets.makeDirectories(&machine, ["mkdir", "-p", String(path[..<slash])])
        }
        do {
            try machine.replace(path, with: bytes)
        } catch {
            if !options.has("silent") { Self.warn("Failed to open the file \(path): \(error.text)", &machine) }
            code = 23
            message = "Failure writing output to destination"
        }
    }

    /// The progress meter, at the start and at the end.
    private func meter(_ machine: inout Machine) {
        let head = """
              % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current
                                             Dload  Upload   Total   Spent    Left  Speed

            """
        let none = "  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0"
        var text = head + "\r" + none
        let size = code == 0 ? answer?.body.count ?? 0 : 0
        if size > 0 {
            let count = PrintFormatter.padded(String(size), 5, left: false)
            let speed = PrintFormatter.padded(String(size * 1000), 6, left: false)
            text += "\r100 \(count)  100 \(count)    0     0 \(speed)      0 --:--:-- --:--:-- --:--:--\(speed)"
        } else {
            text += "\r" + none
        }
        machine.complain(text)
    }

    // `--write-out`

    private func writeOut(_ format: String, _ machine: inout Machine) {
        var format = format
        if format.hasPrefix("@") { format = (try? machine.contents(String(format.dropFirst())).text) ?? "" }
        var stream = 1
        var rest = Array(format.utf8)[...]
        while let unit = rest.popFirst() {
            switch unit {
            case UInt8(ascii: "%") where rest.first == UInt8(ascii: "%"):
                rest = rest.dropFirst()
                machine.write([unit], to: stream)
            case UInt8(ascii: "%") where rest.first == UInt8(ascii: "{"):
                let name = rest.dropFirst().prefix { $0 != UInt8(ascii: "}") }.text
                rest = rest.dropFirst(name.utf8.count + 2)
                switch name {
                case "stderr": stream = 2
                case "stdout": stream = 1
                case "onerror": if code == 0 { return }
                default:
                    if let value = value(of: name) {
                        machine.write(Array(value.utf8), to: stream)
                    } else {
                        machine.complain("curl: unknown --write-out variable: '\(name)'")
                    }
                }
            case UInt8(ascii: "%") where rest.starts(with: "header{".utf8):
                let name = rest.dropFirst(7).prefix { $0 != UInt8(ascii: "}") }.text
                rest = rest.dropFirst(name.utf8.count + 8)
                machine.write(Array(header(name).utf8), to: stream)
            case UInt8(ascii: "\\"):
                let mark = rest.popFirst() ?? unit
                let known: [UInt8: UInt8] = [0x6E: 0x0A, 0x74: 0x09, 0x72: 0x0D]
                machine.write(known[mark].map { [$0] } ?? [unit, mark], to: stream)
            default: machine.write([unit], to: stream)
            }
        }
    }

    private func header(_ name: String) -> String {
        let prefix = name.lowercased() + ":"
        let line = heads.last?.first { $0.lowercased().hasPrefix(prefix) }
        return line.map { String($0.dropFirst(prefix.count).drop { $0 == " " }) } ?? ""
    }

    private func value(of name: String) -> String? {
        let status = answer?.status ?? 0
        let digits = String(repeating: "0", count: max(0, 3 - String(status).utf8.count)) + String(status)
        let isConnected = answer != nil
        switch name {
        case "http_code", "response_code": return digits
        case "http_connect": return "000"
        case "http_version": return isConnected ? "1.1" : "0"
        case "size_download": return String(code == 22 ? 0 : options.has("head") ? 0 : answer?.body.count ?? 0)
        case "size_header": return String(heads.map(Self.joined).joined().utf8.count)
        case "size_request", "size_upload", "speed_upload": return "0"
        case "speed_download": return String((answer?.body.count ?? 0) * 1000)
        case "url_effective": return address?.text ?? url
        case "url": return url
        case "urlnum": return "0"
        case "content_type": return answer?.contentType ?? ""
        case "num_redirects": return String(redirections)
        case "num_connects": return isConnected ? "1" : "0"
        case "num_headers": return String(max(0, (heads.last?.count ?? 1) - 1))
        case "redirect_url":
            guard let location = answer?.location, (300..<400).contains(status) else { return "" }
            return address?.following(location)?.text ?? ""
        case "exitcode": return String(code)
        case "errormsg": return message
        case "method": return method
        case "scheme": return (address?.scheme ?? "").uppercased()
        case "remote_ip": return isConnected ? peer : ""
        case "remote_port": return isConnected ? String(address?.port ?? 0) : "0"
        case "local_ip": return isConnected ? "127.0.0.1" : ""
        case "local_port": return isConnected ? "40000" : "0"
        case "filename_effective": return output(0) ?? ""
        case "referer": return options["referer"] ?? ""
        case "ssl_verify_result", "proxy_ssl_verify_result": return "0"
        case "certs", "ftp_entry_path", "header_json", "json": return ""
        case "num_certs": return "0"
        case "time_redirect", "time_appconnect": return "0.000000"
        case "time_total": return isConnected ? "0.001000" : Self.seconds(waits)
        case "time_namelookup", "time_connect", "time_pretransfer", "time_starttransfer":
            return isConnected ? "0.001000" : "0.000000"
        default: return nil
        }
    }

    private static func seconds(_ milliseconds: Int) -> String {
        let rest = String(milliseconds % 1000)
        return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - rest.utf8.count))\(rest)000"
    }
}
