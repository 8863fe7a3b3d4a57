// SPDX-License-Identifier: Apache-2.0
// The edge to libmicrohttpd: starts and stops its threads, and turns its callbacks into calls of ours.

import CMicroHTTPD
import Glibc

/// A running libmicrohttpd daemon.
struct Daemon: Sendable {
    // Both pointers as numbers, because pointers are not Sendable; they are only ever given back to the library.
    private let handle: UInt
    private let setup: UInt

    /// Starts the threads.
    ///
    /// `context` stays alive until `stop`.
    init(threads: Int, context: ServerContext) throws(HTTPServerError) {
        let limits = context.limits
        let setup = UnsafeMutablePointer<podium_http_setup>.allocate(capacity: 1)
        let kept = Unmanaged.passRetained(context)
        setup.initialize(
            to: podium_http_setup(
                threads: UInt32(threads),
                memory_bytes: limits.memoryBytes,
                idle_seconds: UInt32(clamping: limits.idleTimeout.components.seconds),
                context: kept.toOpaque(),
                handle: handleStep,
                completed: handleEnd,
                notified: handleConnection,
                target: handleTarget,
                log: handleLog
            )
        )
        guard let daemon = podium_http_start(setup) else {
            kept.release()
            setup.deallocate()
            throw .cannotStart(reason: "libmicrohttpd \(String(cString: MHD_get_version())) refused")
        }
        handle = UInt(bitPattern: daemon)
        self.setup = UInt(bitPattern: setup)
    }

    /// Whether malformed lines must be found by us.
    static var checksInPlace: Bool { podium_http_is_lenient() != 0 }

    /// Gives an accepted socket to one of the threads, which closes it; false when it was closed at once.
    func add(_ descriptor: Int32, address: inout sockaddr_storage, length: socklen_t) -> Bool {
        withUnsafeBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                MHD_add_connection(OpaquePointer(bitPattern: handle), descriptor, $0.baseAddress, length) == .YES
            }
        }
    }

    /// Closes what is open and ends the threads.
    ///
    /// No connection may be parked any more, and none added.
    func stop() {
        MHD_stop_daemon(OpaquePointer(bitPattern: handle))
        guard let setup = UnsafeMutablePointer<podium_http_setup>(bitPattern: setup) else { return }
        if let context = setup.pointee.context { Unmanaged<ServerContext>.fromOpaque(context).release() }
        setup.deallocate()
    }
}

// MARK: Callbacks

private func withContext(_ pointer: UnsafeMutableRawPointer?, _ body: (ServerContext) -> Void) {
    if let pointer { Unmanaged<ServerContext>.fromOpaque(pointer)._withUnsafeGuaranteedRef(body) }
}

/// A connection was accepted, or is about to be closed.
private let handleConnection: MHD_NotifyConnectionCallback = { context, handle, slot, event in
    guard let slot else { return }
    if event == .CONNECTION_NOTIFY_STARTED {
        withContext(context) { context in
            let descriptor = podium_http_connection_socket(handle)
            let peer = peerName(podium_http_connection_peer(handle))
            slot.pointee = Unmanaged.passRetained(context.makeConnection(descriptor: descriptor, peer: peer)).toOpaque()
        }
    } else if let pointer = slot.pointee {
        let connection = Unmanaged<Connection>.fromOpaque(pointer)
        withContext(context) { context in
            connection._withUnsafeGuaranteedRef { $0.close() }
            context.connections.remove(connection._withUnsafeGuaranteedRef { $0.watch.id })
        }
        slot.pointee = nil
        connection.release()
    }
}

/// A request line is complete.
///
/// What is returned is the context of the request: that of its connection.
private let handleTarget: TargetCallback = { _, target, handle in
    guard let target, let pointer = podium_http_connection_context(handle) else { return nil }
    Unmanaged<Connection>.fromOpaque(pointer)._withUnsafeGuaranteedRef { $0.begin(target: target) }
    return pointer
}

/// What the library has no name for.
private typealias TargetCallback =
    @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?, OpaquePointer?) -> UnsafeMutableRawPointer?

/// The head is complete, a piece of the body has come, or all is there.
private let handleStep: MHD_AccessHandlerCallback = { _, handle, target, method, version, piece, pieceSize, slot in
    guard let handle, let target, let method, let version, let pieceSize, let pointer = slot?.pointee else {
        return .NO
    }
    func bytes(_ text: UnsafePointer<CChar>) -> UnsafePointer<UInt8> {
        UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self)
    }
    let step = Connection.Step(
        handle: handle,
        line: RequestHead.Line(method: bytes(method), target: bytes(target), version: bytes(version)),
        piece: UnsafeRawBufferPointer(start: piece, count: pieceSize.pointee)
    )
    pieceSize.pointee = 0
    return Unmanaged<Connection>.fromOpaque(pointer)._withUnsafeGuaranteedRef { $0.step(step) }
}

/// The request is over.
private let handleEnd: MHD_RequestCompletedCallback = { _, _, slot, _ in
    if let pointer = slot?.pointee { Unmanaged<Connection>.fromOpaque(pointer)._withUnsafeGuaranteedRef { $0.end() } }
}

private let handleLog: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?) -> Void = { context, line in
    guard let line else { return }
    withContext(context) { $0.log(String(cString: line)) }
}

/// `127.0.0.1:34567`, `[::1]:34567`, `unix`.
private func peerName(_ address: UnsafePointer<sockaddr>?) -> String {
    guard let address, let length = addressLength(Int32(address.pointee.sa_family)) else { return "unix" }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { host in
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 8) { port in
            let flags = NI_NUMERICHOST | NI_NUMERICSERV
            guard
                getnameinfo(
                    address,
                    length,
                    host.baseAddress,
                    socklen_t(host.count),
                    port.baseAddress,
                    socklen_t(port.count),
                    Int32(flags)
                ) == 0, let host = host.baseAddress, let port = port.baseAddress
            else { return "unknown" }
            return ListenAddress.tcp(host: String(cString: host), port: Int(String(cString: port)) ?? 0).description
        }
    }
}

private func addressLength(_ family: Int32) -> socklen_t? {
    switch family {
    case AF_INET: socklen_t(MemoryLayout<sockaddr_in>.size)
    case AF_INET6: socklen_t(MemoryLayout<sockaddr_in6>.size)
    default: nil
    }
}
