// SPDX-License-Identifier: Apache-2.0
// Makes the listening socket: libmicrohttpd's own way binds to every address and says little about what went wrong.

import CMicroHTTPD
import Glibc

/// A bound and listening socket.
struct ListenSocket: Sendable {
    /// The descriptor, closed by `close`.
    let descriptor: Int32
    /// Where it really listens.
    let address: ListenAddress
    /// Whether only this machine can reach it.
    let isLoopback: Bool

    /// Makes a socket that listens at `address`.
    ///
    /// An address that other machines reach must be `isOpenToOthers`.
    init(_ address: ListenAddress, backlog: Int, isOpenToOthers: Bool = true) throws(HTTPServerError) {
        switch address {
        case .tcp(let host, let port):
            try self.init(host: host, port: port, backlog: backlog, isOpenToOthers: isOpenToOthers)
        case .unix(let path): try self.init(path: path, backlog: backlog)
        }
    }

    /// Refuses connections from now on, and gives the descriptor back.
    func close() {
        // The name first: once nobody listens behind it, another server may take it for its own.
        if case .unix(let path) = address { unlink(path) }
        Glibc.close(descriptor)
    }

    // MARK: TCP

    private init(host: String, port: Int, backlog: Int, isOpenToOthers: Bool) throws(HTTPServerError) {
        let wanted = ListenAddress.tcp(host: host, port: port)
        guard (0...65_535).contains(port) else {
            throw .cannotListen(on: wanted.description, reason: "the port is out of range")
        }
        let bare = Self.withoutBrackets(host)
        let everywhere = bare.isEmpty
        var (storage, length) = try Self.resolve(everywhere ? "::" : bare, port: port, wanted: wanted)
        // Decided by the address that is bound: a name may stand for any.
        let isLoopback = LoopbackAddress.isLoopback(storage)
        if !isLoopback, !isOpenToOthers { throw .openToOthers(wanted.description) }
        var descriptor = Self.makeSocket(family: Int32(storage.ss_family), dual: everywhere)
        if descriptor < 0, everywhere {
            // A machine without IPv6.
            (storage, length) = try Self.resolve("0.0.0.0", port: port, wanted: wanted)
            descriptor = Self.makeSocket(family: Int32(storage.ss_family), dual: false)
        }
        let bound = withUnsafeBytes(of: &storage) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { Glibc.bind(descriptor, $0.baseAddress, length) }
        }
        guard descriptor >= 0, bound == 0, listen(descriptor, Int32(backlog)) == 0 else {
            let reason = Self.reason()
            if descriptor >= 0 { Glibc.close(descriptor) }
            throw .cannotListen(on: wanted.description, reason: reason)
        }
        self.descriptor = descriptor
        self.isLoopback = isLoopback
        self.address = .tcp(host: everywhere ? "" : bare, port: Self.port(of: descriptor))
    }

    private static func withoutBrackets(_ host: String) -> String {
        host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    }

    /// Whether `address` is one that only this machine reaches; also when it is none, which binding will tell.
    static func isLoopback(_ address: ListenAddress) -> Bool {
        guard case .tcp(let host, let port) = address else { return true }
        let bare = withoutBrackets(host)
        do throws(HTTPServerError) {
            return LoopbackAddress.isLoopback(try resolve(bare.isEmpty ? "::" : bare, port: port, wanted: address).0)
        } catch {
            return true
        }
    }

    private static func makeSocket(family: Int32, dual: Bool) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { return descriptor }
        set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        if family == AF_INET6 { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, dual ? 0 : 1) }
        return descriptor
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// The first address of `host`, IPv4 before IPv6, because that is what `localhost` means to most clients.
    private static func resolve(
        _ host: String,
        port: Int,
        wanted: ListenAddress
    ) throws(HTTPServerError) -> (sockaddr_storage, socklen_t) {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let failure = getaddrinfo(host, String(port), &hints, &list)
        guard failure == 0, let first = list else {
            throw .cannotListen(on: wanted.description, reason: String(cString: gai_strerror(failure)))
        }
        defer { freeaddrinfo(first) }
        var chosen = first
        var candidate: UnsafeMutablePointer<addrinfo>? = first
        while let entry = candidate {
            if entry.pointee.ai_family == AF_INET {
                chosen = entry
                break
            }
            candidate = entry.pointee.ai_next
        }
        var storage = sockaddr_storage()
        let length = chosen.pointee.ai_addrlen
        withUnsafeMutableBytes(of: &storage) { bytes in
            bytes.copyMemory(from: UnsafeRawBufferPointer(start: chosen.pointee.ai_addr, count: Int(length)))
        }
        return (storage, length)
    }

    private static func port(of descriptor: Int32) -> Int {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutableBytes(of: &storage) { bytes in
            _ = bytes.withMemoryRebound(to: sockaddr.self) { getsockname(descriptor, $0.baseAddress, &length) }
            // The port stands at the same place in both families, in network order.
            return Int(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
        }
    }

    // MARK: Unix

    private init(path: String, backlog: Int) throws(HTTPServerError) {
        let wanted = ListenAddress.unix(path: path)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: name.sun_path) - 1
        guard !path.isEmpty, path.utf8.count <= room, !path.utf8.contains(0) else {
            throw .cannotListen(on: wanted.description, reason: "the path must have 1 to \(room) bytes")
        }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = Self.makeSocket(family: AF_UNIX, dual: false)
        var bound = Self.bind(descriptor, to: &name)
        if bound != 0, errno == EADDRINUSE, Self.isSocket(path), Self.isAbandoned(&name) {
            unlink(path)
            bound = Self.bind(descriptor, to: &name)
        }
        guard descriptor >= 0, bound == 0, listen(descriptor, Int32(backlog)) == 0 else {
            let reason = Self.reason()
            if descriptor >= 0 { Glibc.close(descriptor) }
            throw .cannotListen(on: wanted.description, reason: reason)
        }
        self.descriptor = descriptor
        self.isLoopback = true
        self.address = wanted
    }

    private static func bind(_ descriptor: Int32, to name: inout sockaddr_un) -> Int32 {
        withUnsafeBytes(of: &name) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                Glibc.bind(descriptor, $0.baseAddress, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// Whether `path` is a socket, and not a file that somebody needs: connecting to either is refused alike.
    ///
    /// `errno` stays as it is when it is not.
    private static func isSocket(_ path: String) -> Bool {
        let reason = errno
        var info = stat()
        let isSocket = lstat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFSOCK
        errno = reason
        return isSocket
    }

    /// Whether the socket file is there but nobody listens behind it, as after a crash.
    private static func isAbandoned(_ name: inout sockaddr_un) -> Bool {
        let probe = makeSocket(family: AF_UNIX, dual: false)
        guard probe >= 0 else { return false }
        defer { Glibc.close(probe) }
        let result = withUnsafeBytes(of: &name) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                connect(probe, $0.baseAddress, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return result != 0 && errno == ECONNREFUSED
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
