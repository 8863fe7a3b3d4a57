// SPDX-License-Identifier: Apache-2.0
// MD5, SHA-1 and base64, for the applets of these names.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

private func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word << count | word >> (32 - count) }

/// The hash of RFC 1321.
enum MD5 {
    private static let shifts: [[UInt32]] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]]

    private static let constants: [UInt32] = [
        0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee, 0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501,
        0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be, 0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821,
        0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa, 0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8,
        0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed, 0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a,
        0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c, 0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70,
        0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05, 0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665,
        0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039, 0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1,
        0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1, 0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391,
    ]

    /// The hash as 32 lower case hexadecimal digits.
    static func hexDigest(of message: [UInt8]) -> String {
        let bytes = BlockPadding.pad(message, to: 64, isLittleEndian: true)
        var state: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476]
        for start in stride(from: 0, to: bytes.count, by: 64) {
            let words = (0..<16).map { index in
                (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + index * 4 + $1]) << UInt32($1 * 8) }
            }
            compress(words, into: &state)
        }
        return state.map { SHA256.hex($0.byteSwapped) }.joined()
    }

    private static func compress(_ words: [UInt32], into state: inout [UInt32]) {
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        for index in 0..<64 {
            let mix: UInt32
            let place: Int
            switch index / 16 {
            case 0: (mix, place) = (b & c | ~b & d, index)
            case 1: (mix, place) = (d & b | ~d & c, (5 * index + 1) % 16)
            case 2: (mix, place) = (b ^ c ^ d, (3 * index + 5) % 16)
            default: (mix, place) = (c ^ (b | ~d), 7 * index % 16)
            }
            let sum = a &+ mix &+ constants[index] &+ words[place]
            (a, d, c, b) = (d, c, b, b &+ rotate(sum, shifts[index / 16][index % 4]))
        }
        state = [state[0] &+ a, state[1] &+ b, state[2] &+ c, state[3] &+ d]
    }
}

/// The hash of FIPS 180-4 with 160 bits.
enum SHA1 {
    /// The hash as 40 lower case hexadecimal digits.
    static func hexDigest(of message: [UInt8]) -> String {
        let bytes = BlockPadding.pad(message, to: 64)
        var state: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
        for start in stride(from: 0, to: bytes.count, by: 64) {
            var words = (0..<16).map { index in
                (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[start + index * 4 + $1]) }
            }
            for index in 16..<80 {
                words.append(rotate(words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], 1))
            }
            compress(words, into: &state)
        }
        return state.map { SHA256.hex($0) }.joined()
    }

    private static func compress(_ words: [UInt32], into state: inout [UInt32]) {
        var v = state
        for index in 0..<80 {
            let (mix, constant): (UInt32, UInt32) =
                switch index / 20 {
                case 0: (v[1] & v[2] | ~v[1] & v[3], 0x5a82_7999)
                case 1: (v[1] ^ v[2] ^ v[3], 0x6ed9_eba1)
                case 2: (v[1] & v[2] | v[1] & v[3] | v[2] & v[3], 0x8f1b_bcdc)
                default: (v[1] ^ v[2] ^ v[3], 0xca62_c1d6)
                }
            let sum = rotate(v[0], 5) &+ mix &+ v[4] &+ constant &+ words[index]
            v = [sum, v[0], rotate(v[1], 30), v[2], v[3]]
        }
        for index in 0..<5 { state[index] = state[index] &+ v[index] }
    }
}

extension Applets {
    /// The bytes of a text in base64; nil when it is faulty. White space is passed over, and missing padding.
    static func base64Decoded(_ text: [UInt8]) -> [UInt8]? {
        let digits = text.filter { !$0.isBlank }.prefix { $0 != UInt8(ascii: "=") }
        if digits.count % 4 == 1 { return nil }
        let filled = digits + [UInt8](repeating: UInt8(ascii: "="), count: (4 - digits.count % 4) % 4)
        guard case .success(let bytes) = Base64.decode(String(decoding: filled, as: UTF8.self)) else { return nil }
        return bytes
    }
}
