// SPDX-License-Identifier: Apache-2.0
// How passwords are kept in /etc/shadow: the methods of crypt(3) that are built on MD5 and SHA.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// A method of crypt(3).
enum PasswordHash {
    /// What a salt is made of.
    static let letters = Array("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    /// The rounds of the methods that are built on SHA, when none are asked for.
    private static let rounds = 5000
    private static let maximumRounds = 20_000
    /// The bytes of a password that count.
    private static let maximumPassword = 256

    /// The prefix of a method's name, and the letters of its salt.
    static func method(_ name: String, isOfBusybox: Bool) -> (prefix: String, saltLength: Int)? {
        // busybox looks at the first letter, takes what it does not know for MD5, and has DES, which is not simulated.
        // busybox: libbb/pw_encrypt.c crypt_make_pw_salt
        let lower = name.lowercased()
        if isOfBusybox {
            if lower.hasPrefix("d") { return nil }
            return lower.hasPrefix("s") ? (lower == "sha512" ? "$6$" : "$5$", 16) : ("$1$", 8)
        }
        return switch lower.replacing("-", with: "") {
        case "md5": ("$1$", 8)
        case "sha256": ("$5$", 16)
        case "sha512": ("$6$", 16)
        default: nil
        }
    }

    /// Whether a setting asks for more rounds than are done.
    static func hasTooManyRounds(_ setting: String) -> Bool {
        guard let range = setting.split(separator: "$").first(where: { $0.hasPrefix("rounds=") }) else { return false }
        return (Int(range.dropFirst(7)) ?? 0) > maximumRounds
    }

    /// What a hash costs before it is made: in each round the password is digested twice, with its salt.
    private static func charge(_ rounds: Int, _ secret: [UInt8], _ meter: WorkMeter) {
        meter.charge(bytes: rounds * (roundBytes + 4 * secret.count))
    }

    /// What a round costs without the password.
    private static let roundBytes = 512

    /// The hash of a password with a salt such as `$6$abc`; nil when the method is not known.
    static func hash(_ password: String, _ setting: String, _ meter: WorkMeter) -> String? {
        let parts = setting.split(separator: "$", omittingEmptySubsequences: false).map(String.init)
        let secret = Array(password.utf8.prefix(maximumPassword))
        guard parts.count >= 3, parts[0].isEmpty else { return nil }
        if parts[1] == "1" {
            let salt = String(parts[2].prefix(8))
            charge(1000, secret, meter)
            return "$1$\(salt)$" + md5(secret, Array(salt.utf8))
        }
        guard parts[1] == "5" || parts[1] == "6" else { return nil }
        let asked = parts[2].hasPrefix("rounds=") ? Int(parts[2].dropFirst(7)) : nil
        let count = min(max(asked ?? rounds, 1000), maximumRounds)
        let salt = String((asked == nil ? parts[2] : parts.count > 3 ? parts[3] : "").prefix(16))
        charge(count, secret, meter)
        let head = "$\(parts[1])$" + (asked == nil ? "" : "rounds=\(count)$") + salt + "$"
        return head + sha(secret, Array(salt.utf8), count, isLong: parts[1] == "6")
    }

    private static func bytes(_ digest: String) -> [UInt8] {
        let units = Array(digest.utf8)
        func value(_ unit: UInt8) -> UInt8 { unit.isDigit ? unit - 0x30 : unit - 0x61 + 10 }
        return stride(from: 0, to: units.count - 1, by: 2).map { value(units[$0]) << 4 | value(units[$0 + 1]) }
    }

    /// Three bytes as four letters, the lowest bits first.
    private static func encoded(_ first: UInt8, _ second: UInt8, _ third: UInt8, _ count: Int = 4) -> String {
        var word = UInt32(first) << 16 | UInt32(second) << 8 | UInt32(third)
        var result: [UInt8] = []
        for _ in 0..<count {
            result.append(letters[Int(word & 63)])
            word >>= 6
        }
        return result.text
    }

    private static func repeated(_ digest: [UInt8], _ count: Int) -> [UInt8] {
        (0..<count).map { digest[$0 % digest.count] }
    }

    // FreeBSD: lib/libcrypt/crypt-md5.c describes the method
    private static func md5(_ secret: [UInt8], _ salt: [UInt8]) -> String {
        func digest(_ message: [UInt8]) -> [UInt8] { bytes(MD5.hexDigest(of: message)) }
        var message = secret + Array("$1$".utf8) + salt + repeated(digest(secret + salt + secret), secret.count)
        var bits = secret.count
        while bits > 0 {
            message.append(bits & 1 == 1 ? 0 : secret[0])
            bits >>= 1
        }
        var result = digest(message)
        for round in 0..<1000 {
            var next = round & 1 == 1 ? secret : result
            if round % 3 != 0 { next += salt }
            if round % 7 != 0 { next += secret }
            next += round & 1 == 1 ? result : secret
            result = digest(next)
        }
        let groups = [(0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5)]
        return groups.map { encoded(result[$0.0], result[$0.1], result[$0.2]) }.joined() + encoded(0, 0, result[11], 2)
    }

    // glibc: crypt/sha512-crypt.c describes the method
    private static func sha(_ secret: [UInt8], _ salt: [UInt8], _ count: Int, isLong: Bool) -> String {
        func digest(_ message: [UInt8]) -> [UInt8] {
            bytes(isLong ? SHA512.hexDigest(of: message) : SHA256.hexDigest(of: message))
        }
        let second = digest(secret + salt + secret)
        var message = secret + salt + repeated(second, secret.count)
        var bits = secret.count
        while bits > 0 {
            message += bits & 1 == 1 ? second : secret
            bits >>= 1
        }
        var result = digest(message)
        let long = repeated(digest(Array((0..<secret.count).map { _ in secret }.joined())), secret.count)
        let salts = Array((0..<(16 + Int(result[0]))).map { _ in salt }.joined())
        let short = repeated(digest(salts), salt.count)
        for round in 0..<count {
            var next = round & 1 == 1 ? long : result
            if round % 3 != 0 { next += short }
            if round % 7 != 0 { next += long }
            next += round & 1 == 1 ? result : long
            result = digest(next)
        }
        return isLong ? longText(result) : shortText(result)
    }

    private static func longText(_ digest: [UInt8]) -> String {
        var text = ""
        var (first, second, third) = (0, 21, 42)
        for _ in 0..<21 {
            text += encoded(digest[first], digest[second], digest[third])
            (first, second, third) = (second + 1, third + 1, first + 1)
        }
        return text + encoded(0, 0, digest[63], 2)
    }

    private static func shortText(_ digest: [UInt8]) -> String {
        var text = ""
        var (first, second, third) = (0, 10, 20)
        for _ in 0..<10 {
            text += encoded(digest[first], digest[second], digest[third])
            (first, second, third) = (third + 1, first + 1, second + 1)
        }
        return text + encoded(0, digest[31], digest[30], 3)
    }
}
