// SPDX-License-Identifier: Apache-2.0
// Which hosts are addresses already: all the ways in which C libraries read them.

import PodiumCodec
import PodiumMachinery

/// Hosts that are written as addresses, so that no name is looked up.
package enum HostAddress {
    /// The address that a host is, as it is usually written: `127.0.0.1` for `127.1`, `0x7f.1` and `2130706433` too.
    package static func literal(_ host: String) -> String? {
        if host.contains(":") { return IPAddress(host)?.description }
        return bits(of: host).map { IPAddress(ipv4: $0).description }
    }

    /// The bits of one to four numbers, of which the last one fills what the others leave.
    // POSIX: inet_addr, "Internet addresses in dot notation"
    private static func bits(of text: String) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 4 else { return nil }
        var bits: UInt32 = 0
        for (index, part) in parts.enumerated() {
            guard let number = number(part) else { return nil }
            let isLast = index == parts.count - 1
            let width = isLast ? 32 - 8 * UInt32(index) : 8
            guard UInt64(number) < 1 << UInt64(width) else { return nil }
            bits |= isLast ? number : number << (24 - 8 * UInt32(index))
        }
        return bits
    }

    /// A number in decimal, behind `0x` in hexadecimal, behind `0` in octal.
    private static func number(_ text: Substring) -> UInt32? {
        guard let first = text.utf8.first, first.isDigit else { return nil }
        if text.hasPrefix("0x") || text.hasPrefix("0X") {
            let digits = text.dropFirst(2)
            return digits.utf8.allSatisfy(\.isHexDigit) ? UInt32(digits, radix: 16) : nil
        }
        guard text.utf8.allSatisfy(\.isDigit) else { return nil }
        return UInt32(text, radix: first == UInt8(ascii: "0") ? 8 : 10)
    }
}
