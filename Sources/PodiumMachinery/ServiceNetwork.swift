// SPDX-License-Identifier: Apache-2.0
// The addresses of Services: which range they come from, and which of them have a meaning of their own.

/// The range of addresses that Services get, as `--service-cluster-ip-range` says.
// Kubernetes: cmd/kube-apiserver/app/options/validation.go, pkg/controlplane/services.go
package struct ServiceNetwork: Hashable, Sendable, CustomStringConvertible {
    /// The limits of a range.
    package enum Limits {
        /// The largest range has a mask of this many bits.
        package static let shortestMask = 12
        /// Smaller ranges have no room for the addresses that have a meaning.
        package static let minimumAddresses: UInt32 = 8
        /// How many addresses at the front of a range are left to those who ask for them, at the most.
        package static let maximumStaticBand: UInt32 = 256
    }

    /// Why a text is no range.
    package struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// Where nobody says otherwise: 10.96.0.0/16.
    package static let standard = ServiceNetwork(base: 0x0A60_0000, maskLength: 16)

    private let base: UInt32
    private let maskLength: Int

    private init(base: UInt32, maskLength: Int) {
        self.base = base
        self.maskLength = maskLength
    }

    /// Reads `10.96.0.0/16`; the bits behind the mask are without effect.
    package init(_ text: String) throws(Problem) {
        if text.contains(",") {
            throw Problem(description: "only one range is served, and it is IPv4, not '\(text)'")
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(parts[0]), !address.hasLeadingZeros, !address.isMapped,
            let length = Int(parts[1]), String(length) == parts[1], (0...(address.isIPv4 ? 32 : 128)).contains(length)
        else { throw Problem(description: "'\(text)' is not a range such as 10.96.0.0/16") }
        guard address.isIPv4 else { throw Problem(description: "'\(text)' is not IPv4, and no other range is served") }
        guard length >= Limits.shortestMask else {
            throw Problem(
                description: "'\(text)' is too large; for 32-bit addresses, the mask must be >= \(Limits.shortestMask)"
            )
        }
        guard 1 << UInt32(32 - length) >= Limits.minimumAddresses else {
            throw Problem(
                description: "'\(text)' is too small; there must be at least \(Limits.minimumAddresses) addresses"
            )
        }
        let mask = UInt32.max << UInt32(32 - length)
        self.init(base: address.ipv4Bits & mask, maskLength: length)
    }

    /// `10.96.0.0/16`.
    package var description: String { "\(IPAddress(ipv4: base))/\(maskLength)" }

    /// All addresses but the first, which names the network, and the last.
    package var addresses: ClosedRange<UInt32> { base + 1...base + (UInt32.max >> UInt32(maskLength)) - 1 }

    /// The address of the Service `kubernetes`: the first one.
    package var apiAddress: String { IPAddress(ipv4: addresses.lowerBound).description }

    /// Where pods ask for names: the tenth address, as everywhere; the last one when there are not so many.
    // Kubernetes: cmd/kubeadm/app/constants/constants.go GetDNSIP
    package var dnsAddress: String { IPAddress(ipv4: min(base + 10, addresses.upperBound)).description }

    /// The addresses that are given out only when all others are taken, so that those who name one find it free.
    // Kubernetes: pkg/registry/core/service/ipallocator/ipallocator.go calculateRangeOffset
    package var staticBand: Range<UInt32> {
        let size = UInt64(1) << UInt64(32 - maskLength)
        guard size >= 16 else { return addresses.lowerBound..<addresses.lowerBound }
        let count = UInt32(min(max(size / 16, 16), UInt64(Limits.maximumStaticBand)))
        return addresses.lowerBound..<min(addresses.lowerBound + count, addresses.upperBound + 1)
    }
}
