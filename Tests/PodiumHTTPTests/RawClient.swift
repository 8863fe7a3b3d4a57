// SPDX-License-Identifier: Apache-2.0
// A client that sends exactly the bytes it is told to, and reads answers byte by byte.

import Glibc
import PodiumHTTP

/// What came back for one request.
struct RawAnswer {
    var status: Int
    /// Names in lower case.
    var fields: [String: String]
    var body: String
}

/// Why a read did not succeed.
enum RawClientError: Error, Equatable {
    case notConnected(Int32)
    case timedOut
    /// The server closed the connection.
    case closed
    case malformed(String)
}

/// One connection.
final class RawClient {
    /// How long any read may take, in milliseconds; reaching it fails the test. Nothing takes long by itself, but a
    /// machine that runs a thousand tests at once may stand still for seconds.
    static let patience: Int32 = 60_000

    let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isOpen = true

    init(_ address: ListenAddress, receiveBuffer: Int32 = 0) throws {
        switch address {
        case .tcp(let host, let port): descriptor = Self.connect(host: host, port: port, receiveBuffer: receiveBuffer)
        case .unix(let path): descriptor = Self.connect(path: path)
        }
        if descriptor < 0 { throw RawClientError.notConnected(errno) }
    }

    deinit { close() }

    func close() {
        if isOpen { Glibc.close(descriptor) }
        isOpen = false
    }

    /// Says that nothing more will be sent.
    func closeWriting() { Glibc.shutdown(descriptor, Int32(SHUT_WR)) }

    /// Closes so that the other side sees a reset.
    func reset() {
        var setting = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &setting, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    // MARK: Sending

    /// Sends as much as the other side takes; an early close is found at the next read.
    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { all in
                Glibc.send(descriptor, all.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            sent += count
        }
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    /// Sends a request with a Host and the given further lines.
    func request(_ method: String, _ target: String, _ lines: [String] = [], body: String = "") {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: test\r\n"
        for line in lines { head += line + "\r\n" }
        if !body.isEmpty { head += "Content-Length: \(body.utf8.count)\r\n" }
        send(head + "\r\n" + body)
    }

    // MARK: Receiving

    /// Reads a whole answer; `hasBody` false for one to HEAD.
    func answer(hasBody: Bool = true) throws -> RawAnswer {
        var answer = try head()
        guard hasBody else { return answer }
        if answer.fields["transfer-encoding"] == "chunked" {
            while let chunk = try chunk() { answer.body += chunk }
        } else if let length = answer.fields["content-length"].flatMap({ Int($0) }) {
            answer.body = try text(length)
        } else if answer.status >= 200, answer.status != 204, answer.status != 304 {
            answer.body = try rest()
        }
        return answer
    }

    /// Reads a status line and the fields behind it.
    func head() throws -> RawAnswer {
        let lines = try line().split(separator: " ", maxSplits: 2)
        guard lines.count >= 2, lines[0] == "HTTP/1.1", let status = Int(lines[1]) else {
            throw RawClientError.malformed(lines.joined(separator: " "))
        }
        var fields: [String: String] = [:]
        while true {
            let field = try line()
            if field.isEmpty { return RawAnswer(status: status, fields: fields, body: "") }
            guard let colon = field.firstIndex(of: ":") else { throw RawClientError.malformed(field) }
            let value = field[field.index(after: colon)...].drop { $0 == " " }
            fields[field[..<colon].lowercased()] = String(value)
        }
    }

    /// Reads one chunk, nil for the last.
    func chunk() throws -> String? {
        let sizeLine = try line()
        guard let size = Int(sizeLine, radix: 16) else { throw RawClientError.malformed(sizeLine) }
        let data = try text(size)
        let end = try line()
        if !end.isEmpty { throw RawClientError.malformed(end) }
        return size == 0 ? nil : data
    }

    /// Reads up to the close.
    func rest() throws -> String {
        while try fill() {}
        defer { buffer = [] }
        return String(decoding: buffer, as: UTF8.self)
    }

    /// Reads until the server closes; false when it sent something first.
    func isClosedByServer() throws -> Bool { try rest().isEmpty }

    func line() throws -> String {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: buffer[..<end], as: UTF8.self)
                buffer.removeSubrange(...end)
                guard line.utf8.last == UInt8(ascii: "\r") else { throw RawClientError.malformed(line) }
                return String(decoding: line.utf8.dropLast(), as: UTF8.self)
            }
            if try !fill() { throw RawClientError.closed }
        }
    }

    func text(_ count: Int) throws -> String { String(decoding: try bytes(count), as: UTF8.self) }

    func bytes(_ count: Int) throws -> [UInt8] {
        while buffer.count < count {
            if try !fill() { throw RawClientError.closed }
        }
        defer { buffer.removeFirst(count) }
        return Array(buffer[..<count])
    }

    /// Reads up to the close.
    func remainingBytes() throws -> [UInt8] {
        while try fill() {}
        defer { buffer = [] }
        return buffer
    }

    /// Whether bytes or the end arrive within `milliseconds`.
    func hasNews(within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return !buffer.isEmpty || poll(&entry, 1, milliseconds) > 0
    }

    /// Reads what there is; false at the end.
    private func fill() throws -> Bool {
        guard hasMore() else { throw RawClientError.timedOut }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 65_536) { bytes in
            let count = recv(descriptor, bytes.baseAddress, bytes.count, 0)
            if count > 0 { buffer.append(contentsOf: bytes[..<count]) }
            return count > 0
        }
    }

    private func hasMore() -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, Self.patience) > 0
    }

    // MARK: Connecting

    private static func connect(host: String, port: Int, receiveBuffer: Int32) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host.isEmpty ? "127.0.0.1" : host, String(port), &hints, &list) == 0, let list else {
            return -1
        }
        defer { freeaddrinfo(list) }
        let descriptor = socket(list.pointee.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        if receiveBuffer > 0 {
            var size = receiveBuffer
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        guard Glibc.connect(descriptor, list.pointee.ai_addr, list.pointee.ai_addrlen) == 0 else {
            Glibc.close(descriptor)
            return -1
        }
        return descriptor
    }

    private static func connect(path: String) -> Int32 {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let result = withUnsafeBytes(of: &name) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                Glibc.connect(descriptor, $0.baseAddress, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if result != 0 {
            Glibc.close(descriptor)
            return -1
        }
        return descriptor
    }
}
