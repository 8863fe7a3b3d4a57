// SPDX-License-Identifier: Apache-2.0
// Writes one chunk of a stream in one system call, without copying its pieces.

import CMicroHTTPD
import Glibc
import PodiumCodec

/// A chunk that a socket has not taken as a whole.
struct PendingChunk {
    let pieces: [BytesSlice]
    /// The size of all pieces.
    let size: Int
    /// How many bytes of the frame (size line, pieces, line end) are gone.
    var sent: Int
}

/// The scratch memory for sending chunks.
///
/// Belongs to one thread.
struct ChunkWriter {
    /// What became of a chunk.
    enum Result: Equatable {
        case sent
        /// The socket is full; so many bytes of the frame are gone.
        case full(sent: Int)
        /// The connection is broken.
        case broken
    }

    /// The most parts that the kernel takes in one call.
    private static let maxParts = 1_024
    /// A size of 64 bits in hexadecimal, CR LF.
    private static let maxHead = 18

    private let parts = UnsafeMutableBufferPointer<iovec>.allocate(capacity: maxParts)
    /// The size line, and behind it the line end that closes every chunk.
    private let head = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: maxHead + 2)

    init() {
        parts.initialize(repeating: iovec())
        head.initialize(repeating: 0)
        head[Self.maxHead] = UInt8(ascii: "\r")
        head[Self.maxHead + 1] = UInt8(ascii: "\n")
    }

    func deallocate() {
        parts.deallocate()
        head.deallocate()
    }

    /// Sends `pieces`, of `size` bytes together, as one chunk (plain when not `isChunked`), leaving out the first
    /// `sent` bytes of the frame.
    ///
    /// Goes on until the socket takes no more: only then an edge announces room.
    func send(
        _ pieces: [BytesSlice],
        size: Int,
        from sent: Int,
        to descriptor: Int32,
        isChunked: Bool
    ) -> Result {
        let headSize = isChunked ? writeHead(size) : 0
        let total = isChunked ? headSize + size + 2 : size
        var sent = sent
        while sent < total {
            let count = collect(pieces, headSize: headSize, skipping: sent)
            var message = msghdr()
            message.msg_iov = parts.baseAddress
            message.msg_iovlen = count
            let written = withExtendedLifetime(pieces) {
                sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            if written >= 0 {
                sent += written
            } else if errno == EAGAIN {
                return .full(sent: sent)
            } else if errno != EINTR {
                return .broken
            }
        }
        return .sent
    }

    /// Points `parts` at what is left of the frame, as far as they reach; returns how many there are.
    private func collect(_ pieces: [BytesSlice], headSize: Int, skipping: Int) -> Int {
        var skip = skipping
        var count = 0
        func add(_ bytes: UnsafeRawBufferPointer) {
            if skip >= bytes.count {
                skip -= bytes.count
            } else if count < Self.maxParts {
                let base = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
                parts[count] = iovec(iov_base: base.map { $0 + skip }, iov_len: bytes.count - skip)
                skip = 0
                count += 1
            }
        }
        if headSize > 0 { add(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(head)[..<headSize])) }
        for piece in pieces {
            if count == Self.maxParts { return count }
            add(piece.buffer)
        }
        if headSize > 0 { add(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(head)[Self.maxHead...])) }
        return count
    }

    /// Writes the size line; returns its length.
    private func writeHead(_ size: Int) -> Int {
        let digits = max(1, (Int.bitWidth - size.leadingZeroBitCount + 3) / 4)
        for index in 0..<digits {
            let digit = UInt8(truncatingIfNeeded: size >> ((digits - 1 - index) * 4)) & 15
            head[index] = digit < 10 ? digit + UInt8(ascii: "0") : digit - 10 + UInt8(ascii: "a")
        }
        head[digits] = UInt8(ascii: "\r")
        head[digits + 1] = UInt8(ascii: "\n")
        return digits + 2
    }
}
