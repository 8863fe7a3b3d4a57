// SPDX-License-Identifier: Apache-2.0
// Tells the addresses that stay within this machine, however they are written.

import CMicroHTTPD
import Glibc
import PodiumCodec

/// Tells loopback addresses.
enum LoopbackAddress {
    /// Whether `text` is such an address: `127.0.0.1`, `127.1`, `::1`, `::ffff:127.0.0.1`. A name never is, nor is what
    /// some take for an address and others for a name or for another address: `2130706433`, `0177.0.0.1`.
    static func isLoopback(_ text: String) -> Bool {
        var ipv6 = in6_addr()
        if inet_pton(AF_INET6, text, &ipv6) == 1 { return isLoopback(ipv6) }
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        // The C library reads octal and hexadecimal numbers, too, and takes text behind a blank for a comment.
        let isPlain = parts.allSatisfy { part in
            part.allSatisfy(\.isDigit) && (part.count == 1 || part.first != UInt8(ascii: "0"))
        }
        var ipv4 = in_addr()
        return isPlain && parts.count > 1 && inet_aton(text, &ipv4) == 1
            && UInt32(bigEndian: ipv4.s_addr) >> 24 == 127
    }

    /// Whether a socket that is bound to `address` is reached from this machine only.
    static func isLoopback(_ address: sockaddr_storage) -> Bool {
        withUnsafeBytes(of: address) { bytes in
            switch Int32(address.ss_family) {
            case AF_INET: bytes.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr & 0xFF == 127
            case AF_INET6: isLoopback(bytes.loadUnaligned(as: sockaddr_in6.self).sin6_addr)
            case AF_UNIX: true
            default: false
            }
        }
    }

    private static func isLoopback(_ address: in6_addr) -> Bool {
        withUnsafeBytes(of: address) { bytes in
            let low = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            guard bytes.loadUnaligned(as: UInt64.self) == 0 else { return false }
            // `::1`, or an IPv4 address in IPv6 form.
            return UInt64(bigEndian: low) == 1 || UInt64(bigEndian: low) >> 24 == 0xFFFF_7F
        }
    }
}
