// SPDX-License-Identifier: Apache-2.0
// One HTTP request over one connection: all that the subcommands need of a client.

import Glibc
import Podium

/// A client that sends one request and reads the answer to its end.
struct HTTPClient {
    /// Why there is no answer.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    struct Answer {
        let status: Int
        let body: String
    }

    private let address: ServerAddress

    init(_ address: ServerAddress) { self.address = address }

    func send(_ method: String, _ path: String, body: String?) throws -> Answer {
        let descriptor = try connect()
        defer { close(descriptor) }
        var request = "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n"
        if let body { request += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
        request += "\r\n\(body ?? "")"
        try write(Array(request.utf8), to: descriptor)
        return try parse(try readAll(descriptor))
    }

    /// The name by which the server knows itself; a Unix socket has none.
    private var host: String {
        switch address {
        case .tcp("", let port): "127.0.0.1:\(port)"
        case .tcp: address.description
        case .unix: "localhost"
        }
    }

    private func connect() throws -> Int32 {
        switch address {
        case .tcp(let host, let port): return try connectTCP(host.isEmpty ? "127.0.0.1" : host, port)
        case .unix(let path): return try connectUnix(path)
        }
    }

    private func connectTCP(_ host: String, _ port: Int) throws -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard code == 0 else { throw Failure(description: "\(host): \(String(cString: gai_strerror(code)))") }
        var entry = list
        while let current = entry?.pointee {
            let descriptor = socket(current.ai_family, current.ai_socktype, current.ai_protocol)
            if descriptor >= 0 {
                if Glibc.connect(descriptor, current.ai_addr, current.ai_addrlen) == 0 { return descriptor }
                close(descriptor)
            }
            entry = current.ai_next
        }
        throw unreachable()
    }

    private func connectUnix(_ path: String) throws -> Int32 {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let capacity = MemoryLayout.size(ofValue: name.sun_path)
        guard bytes.count < capacity else { throw Failure(description: "\(path) is too long for a socket") }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw unreachable() }
        let result = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if result == 0 { return descriptor }
        defer { close(descriptor) }
        throw unreachable()
    }

    private func unreachable() -> Failure {
        Failure(description: "no server answers at \(address): \(String(cString: strerror(errno)))")
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent, 0)
            }
            if count <= 0 { throw unreachable() }
            sent += count
        }
    }

    private func readAll(_ descriptor: Int32) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0 { throw unreachable() }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// Reads the status and the body; the server closes after it, and sends no chunks to these requests.
    private func parse(_ bytes: [UInt8]) throws -> Answer {
        let text = String(decoding: bytes, as: UTF8.self)
        let words = text.prefix { $0 != "\r\n" }.split(separator: " ")
        guard words.count >= 2, let status = Int(words[1]), let end = text.firstRange(of: "\r\n\r\n") else {
            throw Failure(description: "\(address) does not speak HTTP")
        }
        return Answer(status: status, body: String(text[end.upperBound...]))
    }
}
