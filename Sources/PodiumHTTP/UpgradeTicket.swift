// SPDX-License-Identifier: Apache-2.0
// Parks a connection that goes on as something else than HTTP, until it ends.

import CMicroHTTPD
import Glibc
import PodiumExchange

/// A connection that the server's thread has taken over from the library, both ways.
///
/// The library's own way of handing a connection over is not used: behind TLS version 0.9.75 pumps bytes at a tenth of
/// a megabyte a second, and never says that the client has gone. A suspended connection is one that it does not touch.
final class UpgradeTicket: Sendable {
    let upgrade: Upgrade
    /// The head of the answer.
    let head: [UInt8]
    /// The connection's socket, valid while the connection is parked.
    let descriptor: Int32
    /// Its number in the table.
    let connectionID: UInt64
    /// The library's connection: pointers are not Sendable, and this one is only ever given back to the library.
    private let connection: UInt

    init(_ upgrade: Upgrade, head: [UInt8], on connection: OpaquePointer, of watch: ConnectionWatch) {
        self.upgrade = upgrade
        self.head = head
        descriptor = watch.descriptor
        connectionID = watch.id
        self.connection = UInt(bitPattern: connection)
    }

    /// Suspends the connection and hands it to the fan-out; when that is ending, the connection ends.
    func park(with fanOut: FanOut) {
        var one: Int32 = 1
        // What is typed is small, and what answers it must not wait for more.
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        // A client that is gone without a word is noticed in the end.
        setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &one, socklen_t(MemoryLayout<Int32>.size))
        // Before the hand-over, so that the fan-out can resume at once.
        MHD_suspend_connection(OpaquePointer(bitPattern: connection))
        if !fanOut.park(.upgrade(self)) {
            upgrade.session.cancel()
            settle()
        }
    }

    /// Hands the connection back to the library to be closed.
    ///
    /// Only who has taken the ticket over calls this, once.
    func settle() {
        // What the library sends then does not get out, so it closes the connection.
        shutdown(descriptor, Int32(SHUT_RDWR))
        MHD_resume_connection(OpaquePointer(bitPattern: connection))
    }
}
