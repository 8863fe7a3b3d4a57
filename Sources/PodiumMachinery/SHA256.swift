// SPDX-License-Identifier: Apache-2.0
// SHA-256, for made-up image digests, for `sha256sum` and for the signatures of tokens.

/// What hashes of whole blocks put behind a message.
package enum BlockPadding {
    /// The message, a one, zeros, and its length in bits in the last 8 bytes of a block of `size`.
    package static func pad(_ message: [UInt8], to size: Int, isLittleEndian: Bool = false) -> [UInt8] {
        var bytes = message + [0x80]
        while bytes.count % size != size - 8 { bytes.append(0) }
        let bits = UInt64(message.count) * 8
        for index in 0..<UInt64(8) {
            bytes.append(UInt8(truncatingIfNeeded: bits >> (isLittleEndian ? index * 8 : 56 - index * 8)))
        }
        return bytes
    }
}

/// The hash of FIPS 180-4.
package enum SHA256 {
    private static let constants: [UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]

    /// The hash as 64 lower case hexadecimal digits.
    package static func hexDigest(of message: [UInt8]) -> String { words(of: message).map { hex($0) }.joined() }

    /// The hash with 224 bits, as 56 lower case hexadecimal digits.
    package static func shortHexDigest(of message: [UInt8]) -> String {
        let start: [UInt32] = [
            0xc105_9ed8, 0x367c_d507, 0x3070_dd17, 0xf70e_5939, 0xffc0_0b31, 0x6858_1511, 0x64f9_8fa7, 0xbefa_4fa4,
        ]
        return words(of: message, from: start).prefix(7).map { hex($0) }.joined()
    }

    /// The hash as 32 bytes.
    package static func digest(of message: [UInt8]) -> [UInt8] {
        words(of: message).flatMap { word in
            stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
        }
    }

    /// The HMAC of RFC 2104 with this hash.
    package static func authenticationCode(of message: [UInt8], key: [UInt8]) -> [UInt8] {
        var block = key.count > 64 ? digest(of: key) : key
        block += [UInt8](repeating: 0, count: 64 - block.count)
        let inner = digest(of: block.map { $0 ^ 0x36 } + message)
        return digest(of: block.map { $0 ^ 0x5C } + inner)
    }

    private static let start: [UInt32] = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]

    private static func words(of message: [UInt8], from start: [UInt32] = start) -> [UInt32] {
        var state = start
        let padded = BlockPadding.pad(message, to: 64)
        for start in stride(from: 0, to: padded.count, by: 64) { compress(padded[start..<start + 64], into: &state) }
        return state
    }

    /// A word as 8 lower case hexadecimal digits.
    package static func hex(_ word: UInt32) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 8 - digits.utf8.count) + digits
    }

    private static func compress(_ block: ArraySlice<UInt8>, into state: inout [UInt32]) {
        func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }
        var schedule: [UInt32] = []
        schedule.reserveCapacity(64)
        for index in stride(from: block.startIndex, to: block.endIndex, by: 4) {
            schedule.append((0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(block[index + $1]) })
        }
        for index in 16..<64 {
            let old = schedule[index - 15]
            let recent = schedule[index - 2]
            let first = rotate(old, 7) ^ rotate(old, 18) ^ old >> 3
            let second = rotate(recent, 17) ^ rotate(recent, 19) ^ recent >> 10
            schedule.append(schedule[index - 16] &+ first &+ schedule[index - 7] &+ second)
        }
        var v = state
        for index in 0..<64 {
            let first = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)
            let choice = v[4] & v[5] ^ ~v[4] & v[6]
            let sum = v[7] &+ first &+ choice &+ constants[index] &+ schedule[index]
            let second = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)
            let majority = v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2]
            v = [sum &+ second &+ majority, v[0], v[1], v[2], v[3] &+ sum, v[4], v[5], v[6]]
        }
        for index in 0..<8 { state[index] = state[index] &+ v[index] }
    }
}
