// SPDX-License-Identifier: Apache-2.0
// SHA-512 and SHA-3, and the check sums of cksum and sum.

import PodiumMachinery
import PodiumRuntime

/// The hash of FIPS 180-4 with 512 bits.
enum SHA512 {
    private static let constants: [UInt64] = [
        0x428a_2f98_d728_ae22, 0x7137_4491_23ef_65cd, 0xb5c0_fbcf_ec4d_3b2f, 0xe9b5_dba5_8189_dbbc,
        0x3956_c25b_f348_b538, 0x59f1_11f1_b605_d019, 0x923f_82a4_af19_4f9b, 0xab1c_5ed5_da6d_8118,
        0xd807_aa98_a303_0242, 0x1283_5b01_4570_6fbe, 0x2431_85be_4ee4_b28c, 0x550c_7dc3_d5ff_b4e2,
        0x72be_5d74_f27b_896f, 0x80de_b1fe_3b16_96b1, 0x9bdc_06a7_25c7_1235, 0xc19b_f174_cf69_2694,
        0xe49b_69c1_9ef1_4ad2, 0xefbe_4786_384f_25e3, 0x0fc1_9dc6_8b8c_d5b5, 0x240c_a1cc_77ac_9c65,
        0x2de9_2c6f_592b_0275, 0x4a74_84aa_6ea6_e483, 0x5cb0_a9dc_bd41_fbd4, 0x76f9_88da_8311_53b5,
        0x983e_5152_ee66_dfab, 0xa831_c66d_2db4_3210, 0xb003_27c8_98fb_213f, 0xbf59_7fc7_beef_0ee4,
        0xc6e0_0bf3_3da8_8fc2, 0xd5a7_9147_930a_a725, 0x06ca_6351_e003_826f, 0x1429_2967_0a0e_6e70,
        0x27b7_0a85_46d2_2ffc, 0x2e1b_2138_5c26_c926, 0x4d2c_6dfc_5ac4_2aed, 0x5338_0d13_9d95_b3df,
        0x650a_7354_8baf_63de, 0x766a_0abb_3c77_b2a8, 0x81c2_c92e_47ed_aee6, 0x9272_2c85_1482_353b,
        0xa2bf_e8a1_4cf1_0364, 0xa81a_664b_bc42_3001, 0xc24b_8b70_d0f8_9791, 0xc76c_51a3_0654_be30,
        0xd192_e819_d6ef_5218, 0xd699_0624_5565_a910, 0xf40e_3585_5771_202a, 0x106a_a070_32bb_d1b8,
        0x19a4_c116_b8d2_d0c8, 0x1e37_6c08_5141_ab53, 0x2748_774c_df8e_eb99, 0x34b0_bcb5_e19b_48a8,
        0x391c_0cb3_c5c9_5a63, 0x4ed8_aa4a_e341_8acb, 0x5b9c_ca4f_7763_e373, 0x682e_6ff3_d6b2_b8a3,
        0x748f_82ee_5def_b2fc, 0x78a5_636f_4317_2f60, 0x84c8_7814_a1f0_ab72, 0x8cc7_0208_1a64_39ec,
        0x90be_fffa_2363_1e28, 0xa450_6ceb_de82_bde9, 0xbef9_a3f7_b2c6_7915, 0xc671_78f2_e372_532b,
        0xca27_3ece_ea26_619c, 0xd186_b8c7_21c0_c207, 0xeada_7dd6_cde0_eb1e, 0xf57d_4f7f_ee6e_d178,
        0x06f0_67aa_7217_6fba, 0x0a63_7dc5_a2c8_98a6, 0x113f_9804_bef9_0dae, 0x1b71_0b35_131c_471b,
        0x28db_77f5_2304_7d84, 0x32ca_ab7b_40c7_2493, 0x3c9e_be0a_15c9_bebc, 0x431d_67c4_9c10_0d4c,
        0x4cc5_d4be_cb3e_42b6, 0x597f_299c_fc65_7e2a, 0x5fcb_6fab_3ad6_faec, 0x6c44_198c_4a47_5817,
    ]

    /// What the state begins with.
    static let start: [UInt64] = [
        0x6a09_e667_f3bc_c908, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1,
        0x510e_527f_ade6_82d1, 0x9b05_688c_2b3e_6c1f, 0x1f83_d9ab_fb41_bd6b, 0x5be0_cd19_137e_2179,
    ]
    private static let shortStart: [UInt64] = [
        0xcbbb_9d5d_c105_9ed8, 0x629a_292a_367c_d507, 0x9159_015a_3070_dd17, 0x152f_ecd8_f70e_5939,
        0x6733_2667_ffc0_0b31, 0x8eb4_4a87_6858_1511, 0xdb0c_2e0d_64f9_8fa7, 0x47b5_481d_befa_4fa4,
    ]

    /// The hash as 128 lower case hexadecimal digits.
    static func hexDigest(of message: [UInt8]) -> String { hexDigest(of: message, from: start) }

    /// The hash with 384 bits, as 96 digits.
    static func shortHexDigest(of message: [UInt8]) -> String {
        String(hexDigest(of: message, from: shortStart).prefix(96))
    }

    private static func hexDigest(of message: [UInt8], from start: [UInt64]) -> String {
        let bytes = BlockPadding.pad(message, to: 128)
        var state = start
        for block in stride(from: 0, to: bytes.count, by: 128) { compress(bytes[block..<block + 128], into: &state) }
        return state.map { Applets.hexadecimal($0) }.joined()
    }

    private static func rotate(_ word: UInt64, _ count: UInt64) -> UInt64 { word >> count | word << (64 - count) }

    private static func compress(_ block: ArraySlice<UInt8>, into state: inout [UInt64]) {
        var words = (0..<16).map { index in
            (0..<8).reduce(UInt64(0)) { $0 << 8 | UInt64(block[block.startIndex + index * 8 + $1]) }
        }
        for index in 16..<80 {
            let first = words[index - 15]
            let second = words[index - 2]
            let low = rotate(first, 1) ^ rotate(first, 8) ^ first >> 7
            let high = rotate(second, 19) ^ rotate(second, 61) ^ second >> 6
            words.append(words[index - 16] &+ low &+ words[index - 7] &+ high)
        }
        var v = state
        for index in 0..<80 {
            let high = rotate(v[4], 14) ^ rotate(v[4], 18) ^ rotate(v[4], 41)
            let choice = v[4] & v[5] ^ ~v[4] & v[6]
            let one = v[7] &+ high &+ choice &+ constants[index] &+ words[index]
            let low = rotate(v[0], 28) ^ rotate(v[0], 34) ^ rotate(v[0], 39)
            let majority = v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2]
            v = [one &+ low &+ majority, v[0], v[1], v[2], v[3] &+ one, v[4], v[5], v[6]]
        }
        for index in 0..<8 { state[index] = state[index] &+ v[index] }
    }
}

/// The hash of FIPS 202.
enum SHA3 {
    /// The bits that a hash may have.
    static let lengths = [224, 256, 384, 512]
    private static let constants: [UInt64] = {
        // The round constants come out of a shift register.
        var register: UInt8 = 1
        return (0..<24).map { _ in
            var word: UInt64 = 0
            for bit in 0..<7 {
                if register & 1 != 0 { word |= 1 << (1 << UInt64(bit) - 1) }
                register = register & 0x80 != 0 ? register << 1 ^ 0x71 : register << 1
            }
            return word
        }
    }()

    /// The hash with so many bits as lower case hexadecimal digits.
    static func hexDigest(of message: [UInt8], bits: Int) -> String {
        let rate = 200 - bits / 4
        var bytes = message + [0x06]
        while bytes.count % rate != 0 { bytes.append(0) }
        bytes[bytes.count - 1] |= 0x80
        var state = Array(repeating: UInt64(0), count: 25)
        for block in stride(from: 0, to: bytes.count, by: rate) {
            for index in 0..<rate / 8 {
                state[index] ^= Applets.littleEndian(bytes[(block + index * 8)..<(block + index * 8 + 8)])
            }
            permute(&state)
        }
        return state.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) } }
            .prefix(bits / 8).map { Applets.digits(Int($0), radix: 16, width: 2) }.joined()
    }

    private static func rotate(_ word: UInt64, _ count: Int) -> UInt64 {
        count == 0 ? word : word << UInt64(count) | word >> UInt64(64 - count)
    }

    private static func permute(_ state: inout [UInt64]) {
        for round in 0..<24 {
            let columns = (0..<5).map { x in (0..<5).reduce(UInt64(0)) { $0 ^ state[x + 5 * $1] } }
            for x in 0..<5 {
                let mix = columns[(x + 4) % 5] ^ rotate(columns[(x + 1) % 5], 1)
                for y in 0..<5 { state[x + 5 * y] ^= mix }
            }
            var (x, y) = (1, 0)
            var lane = state[1]
            for step in 0..<24 {
                (x, y) = (y, (2 * x + 3 * y) % 5)
                let next = state[x + 5 * y]
                state[x + 5 * y] = rotate(lane, (step + 1) * (step + 2) / 2 % 64)
                lane = next
            }
            for y in 0..<5 {
                let row = (0..<5).map { state[$0 + 5 * y] }
                for x in 0..<5 { state[x + 5 * y] = row[x] ^ ~row[(x + 1) % 5] & row[(x + 2) % 5] }
            }
            state[0] ^= constants[round]
        }
    }
}

extension Applets {
    /// 64 bits as 16 hexadecimal digits.
    static func hexadecimal(_ word: UInt64) -> String {
        let text = String(word, radix: 16)
        return String(repeating: "0", count: 16 - text.utf8.count) + text
    }

    /// The check sum of POSIX' `cksum`.
    static func posixChecksum(_ bytes: [UInt8]) -> UInt32 {
        var sum: UInt32 = 0
        func add(_ unit: UInt8) {
            sum ^= UInt32(unit) << 24
            for _ in 0..<8 { sum = sum & 0x8000_0000 != 0 ? sum << 1 ^ 0x04C1_1DB7 : sum << 1 }
        }
        bytes.forEach(add)
        var count = bytes.count
        while count > 0 {
            add(UInt8(count & 0xFF))
            count >>= 8
        }
        return ~sum
    }

    /// The check sum of BSD's `sum`.
    static func rotatedSum(_ bytes: [UInt8]) -> Int {
        bytes.reduce(0) { ($0 >> 1 + ($0 & 1) << 15 + Int($1)) & 0xFFFF }
    }
}
