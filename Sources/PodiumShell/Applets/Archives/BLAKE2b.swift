// SPDX-License-Identifier: Apache-2.0
// BLAKE2b, for b2sum.

/// The hash of RFC 7693 with words of 64 bits.
enum BLAKE2b {
    /// The bits of a hash at most.
    static let maximumBits = 512
    private static let blockBytes = 128
    private static let rounds = 12

    /// Which words of a block each round takes, and in which order.
    private static let orders: [[Int]] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4], [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13], [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11], [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5], [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
    ]
    /// The columns and the diagonals of the state, which are mixed in turn.
    private static let quarters = [
        [0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15], [0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13],
        [3, 4, 9, 14],
    ]

    /// The hash with so many bits as lower case hexadecimal digits.
    static func hexDigest(of message: [UInt8], bits: Int) -> String {
        var state = SHA512.start
        state[0] ^= 0x0101_0000 ^ UInt64(bits / 8)
        let count = max(1, (message.count + blockBytes - 1) / blockBytes)
        for index in 0..<count {
            let end = min(message.count, (index + 1) * blockBytes)
            var block = Array(message[index * blockBytes..<end])
            block += Array(repeating: 0, count: blockBytes - block.count)
            compress(block, into: &state, length: end, isLast: index == count - 1)
        }
        return state.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) } }
            .prefix(bits / 8).map { Applets.digits(Int($0), radix: 16, width: 2) }.joined()
    }

    private static func rotate(_ word: UInt64, _ count: UInt64) -> UInt64 { word >> count | word << (64 - count) }

    private static func compress(_ block: [UInt8], into state: inout [UInt64], length: Int, isLast: Bool) {
        let words = (0..<16).map { Applets.littleEndian(block[$0 * 8..<$0 * 8 + 8]) }
        var v = state + SHA512.start
        v[12] ^= UInt64(length)
        if isLast { v[14] = ~v[14] }
        for round in 0..<rounds {
            let order = orders[round % orders.count]
            for (index, places) in quarters.enumerated() {
                let (a, b, c, d) = (places[0], places[1], places[2], places[3])
                v[a] = v[a] &+ v[b] &+ words[order[2 * index]]
                v[d] = rotate(v[d] ^ v[a], 32)
                v[c] = v[c] &+ v[d]
                v[b] = rotate(v[b] ^ v[c], 24)
                v[a] = v[a] &+ v[b] &+ words[order[2 * index + 1]]
                v[d] = rotate(v[d] ^ v[a], 16)
                v[c] = v[c] &+ v[d]
                v[b] = rotate(v[b] ^ v[c], 63)
            }
        }
        for index in 0..<8 { state[index] ^= v[index] ^ v[index + 8] }
    }
}
