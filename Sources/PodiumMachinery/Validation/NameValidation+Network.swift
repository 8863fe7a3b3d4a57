// SPDX-License-Identifier: Apache-2.0
// What addresses in API fields may look like, and the warnings about unusual ones.

import PodiumCodec

// Kubernetes: apimachinery/pkg/util/validation/ip.go
extension NameValidation {
    /// An IP address in a field that existed before the strict rules: any spelling without leading zeros or mapping.
    package static func ipAddress(_ value: String) -> [String] {
        guard let address = IPAddress(value) else {
            return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]
        }
        if address.hasLeadingZeros { return ["must not have leading 0s"] }
        return address.isMapped ? ["must not be an IPv4-mapped IPv6 address"] : []
    }

    /// A CIDR block in a field that existed before the strict rules.
    package static func cidr(_ value: String) -> [String] {
        guard let block = CIDR(value) else {
            return ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]
        }
        if block.hasLeadingZeros { return ["must not have leading 0s in IP or prefix length"] }
        if block.address.isMapped { return ["must not have an IPv4-mapped IPv6 address"] }
        return block.hasHostBits ? ["must not have bits set beyond the prefix length"] : []
    }

    /// The warning about an address that is not in canonical form.
    package static func ipWarnings(_ path: FieldPath, _ value: String) -> [String] {
        guard let address = IPAddress(value) else { return [] }
        let canonical = FieldError.quoted(address.description)
        if address.hasLeadingZeros || address.isMapped {
            return [
                "\(path): non-standard IP address \(FieldError.quoted(value)) will be considered invalid in a future "
                    + "Kubernetes release: use \(canonical)"
            ]
        }
        guard !address.isIPv4, address.description != value else { return [] }
        return [
            "\(path): IPv6 address \(FieldError.quoted(value)) should be in RFC 5952 canonical format (\(canonical))"
        ]
    }

    /// An address that a service, endpoint or node can have: no special ranges.
    // Kubernetes: pkg/apis/core/validation/validation.go ValidateNonSpecialIP
    package static func nonSpecialIP(_ path: FieldPath, _ value: String) -> [FieldError] {
        guard let address = IPAddress(value) else {
            return [.invalid(path, .string(value), "must be a valid IP address")]
        }
        var errors: [FieldError] = []
        func add(_ condition: Bool, _ detail: String) {
            if condition { errors.append(.invalid(path, .string(value), detail)) }
        }
        add(address.isUnspecified, "may not be unspecified (\(FieldError.quoted(value)))")
        add(address.isLoopback, "may not be in the loopback range (127.0.0.0/8, ::1/128)")
        add(address.isLinkLocalUnicast, "may not be in the link-local range (169.254.0.0/16, fe80::/10)")
        add(address.isLinkLocalMulticast, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")
        return errors
    }
}
