// SPDX-License-Identifier: Apache-2.0
// IP addresses and CIDR blocks: parsing as Kubernetes' legacy fields allow, and canonical texts.

import PodiumCodec

/// An IP address.
package struct IPAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 16 bytes; an IPv4 address in the last four behind `::ffff:`.
    package let number: UInt128
    /// Whether the text was written as IPv4, dots only.
    private let isWrittenAsIPv4: Bool
    /// Whether an octet was written with zeros at its front, which other software reads as octal.
    package let hasLeadingZeros: Bool

    private static let mapped: UInt128 = 0xFFFF_0000_0000

    /// The IPv4 address of 32 bits.
    package init(ipv4 bits: UInt32) {
        number = Self.mapped | UInt128(bits)
        isWrittenAsIPv4 = true
        hasLeadingZeros = false
    }

    /// Reads an address of either family, octets with leading zeros included; nil when `text` is none.
    package init?(_ text: some StringProtocol) {
        let units = Array(text.utf8)
        var hasZeros = false
        if units.contains(UInt8(ascii: ":")) {
            guard let number = Self.parseIPv6(units, &hasZeros) else { return nil }
            self.number = number
            isWrittenAsIPv4 = false
        } else {
            guard let bits = Self.parseIPv4(units[...], &hasZeros) else { return nil }
            number = Self.mapped | UInt128(bits)
            isWrittenAsIPv4 = true
        }
        hasLeadingZeros = hasZeros
    }

    /// Whether this is an IPv4 address, written in whatever way.
    package var isIPv4: Bool { number >> 32 == 0xFFFF }

    /// Whether this is an IPv4 address written as IPv6 (`::ffff:1.2.3.4`).
    package var isMapped: Bool { isIPv4 && !isWrittenAsIPv4 }

    /// The 32 bits of an IPv4 address.
    package var ipv4Bits: UInt32 { UInt32(truncatingIfNeeded: number) }

    /// `IPv4` or `IPv6`.
    package var family: String { isIPv4 ? "IPv4" : "IPv6" }

    package var isUnspecified: Bool { number == 0 || number == Self.mapped }
    package var isLoopback: Bool { isIPv4 ? ipv4Bits >> 24 == 127 : number == 1 }
    package var isLinkLocalUnicast: Bool { isIPv4 ? ipv4Bits >> 16 == 0xA9FE : number >> 118 == 0xFE80 >> 6 }
    package var isLinkLocalMulticast: Bool {
        isIPv4 ? ipv4Bits >> 8 == 0xE0_0000 : (number >> 112) & 0xFF0F == 0xFF02
    }

    package static func == (left: IPAddress, right: IPAddress) -> Bool { left.number == right.number }
    package static func < (left: IPAddress, right: IPAddress) -> Bool { left.number < right.number }
    package func hash(into hasher: inout Hasher) { hasher.combine(number) }

    /// `10.9.8.7`, or the IPv6 text of RFC 5952.
    package var description: String {
        if isIPv4 {
            let bits = ipv4Bits
            return "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
        }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: number >> UInt128(112 - $0 * 16)) }
        guard let zeros = Self.longestZeros(groups) else {
            return groups.map { String($0, radix: 16) }.joined(separator: ":")
        }
        let head = groups[..<zeros.lowerBound].map { String($0, radix: 16) }.joined(separator: ":")
        let tail = groups[zeros.upperBound...].map { String($0, radix: 16) }.joined(separator: ":")
        return "\(head)::\(tail)"
    }

    /// The longest run of at least two zero groups, the first of equal ones.
    private static func longestZeros(_ groups: [UInt16]) -> Range<Int>? {
        var best: Range<Int>?
        var start = 0
        while start < groups.count {
            var end = start
            while end < groups.count, groups[end] == 0 { end += 1 }
            if end - start >= 2, end - start > (best?.count ?? 0) { best = start..<end }
            start = max(end, start + 1)
        }
        return best
    }

    private static func parseIPv4(_ units: ArraySlice<UInt8>, _ hasZeros: inout Bool) -> UInt32? {
        let octets = units.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard octets.count == 4 else { return nil }
        var bits: UInt32 = 0
        for octet in octets {
            guard !octet.isEmpty, octet.allSatisfy(\.isDigit) else { return nil }
            var value: UInt32 = 0
            for digit in octet {
                value = value * 10 + UInt32(digit - 0x30)
                if value > 255 { return nil }
            }
            if octet.count > 1, octet.first == UInt8(ascii: "0") { hasZeros = true }
            bits = bits << 8 | value
        }
        return bits
    }

    private static func parseIPv6(_ units: [UInt8], _ hasZeros: inout Bool) -> UInt128? {
        let parts = units.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count >= 3, parts.count <= 9 else { return nil }
        var groups: [UInt16] = []
        var gap: Int?
        for (index, part) in parts.enumerated() {
            if part.isEmpty {
                // `::` leaves an empty part inside, and another one when it stands at an end.
                if index == 0 || index == parts.count - 1 {
                    guard parts[index == 0 ? 1 : index - 1].isEmpty else { return nil }
                    continue
                }
                guard gap == nil else { return nil }
                gap = groups.count
            } else if index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let bits = parseIPv4(part, &hasZeros) else { return nil }
                groups += [UInt16(bits >> 16), UInt16(truncatingIfNeeded: bits)]
            } else {
                guard part.count <= 4, let group = hexGroup(part) else { return nil }
                groups.append(group)
            }
        }
        if let gap {
            guard groups.count < 8 else { return nil }
            groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
        }
        guard groups.count == 8 else { return nil }
        return groups.reduce(0) { $0 << 16 | UInt128($1) }
    }

    private static func hexGroup(_ part: ArraySlice<UInt8>) -> UInt16? {
        var value: UInt16 = 0
        for unit in part {
            switch unit {
            case 0x30...0x39: value = value << 4 | UInt16(unit - 0x30)
            case 0x61...0x66: value = value << 4 | UInt16(unit - 0x57)
            case 0x41...0x46: value = value << 4 | UInt16(unit - 0x37)
            default: return nil
            }
        }
        return value
    }
}

/// An address and the length of its prefix.
package struct CIDR: Hashable, Sendable, CustomStringConvertible {
    /// The address as written, host bits included.
    package let address: IPAddress
    /// The length of the prefix, of 32 or 128.
    package let prefixLength: Int
    /// Whether the prefix length or an octet was written with zeros at its front.
    package let hasLeadingZeros: Bool

    /// Reads `10.0.0.0/8` and the like; nil when `text` is none.
    package init?(_ text: String) {
        guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")), let address = IPAddress(text[..<slash]) else {
            return nil
        }
        let digits = text.utf8[text.utf8.index(after: slash)...]
        guard !digits.isEmpty, digits.count <= 4, digits.allSatisfy(\.isDigit),
            let length = Int(Substring(digits)), length <= (address.isIPv4 && !address.isMapped ? 32 : 128)
        else { return nil }
        self.address = address
        prefixLength = length
        hasLeadingZeros = address.hasLeadingZeros || digits.count > 1 && digits.first == UInt8(ascii: "0")
    }

    /// The IPv4 addresses of the block; nil when it is one of IPv6.
    package var ipv4Range: ClosedRange<UInt32>? {
        guard address.isIPv4, !address.isMapped else { return nil }
        let others = prefixLength == 0 ? UInt32.max : (UInt32(1) << UInt32(32 - prefixLength)) - 1
        let first = address.ipv4Bits & ~others
        return first...first + others
    }

    private var mask: UInt128 {
        let length = address.isIPv4 && !address.isMapped ? prefixLength + 96 : prefixLength
        return length == 0 ? 0 : ~0 << UInt128(128 - length)
    }

    /// Whether bits behind the prefix are set.
    package var hasHostBits: Bool { address.number & ~mask != 0 }

    /// Whether `other` is inside.
    package func contains(_ other: IPAddress) -> Bool {
        address.isIPv4 == other.isIPv4 && other.number & mask == address.number & mask
    }

    package var description: String { "\(address)/\(prefixLength)" }
}
