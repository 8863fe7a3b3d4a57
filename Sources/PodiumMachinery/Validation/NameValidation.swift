// SPDX-License-Identifier: Apache-2.0
// What names may look like: DNS labels and subdomains, and the texts that say what is wrong with a name.

import PodiumCodec

/// Checks of names. Each returns what is wrong, in Kubernetes' words; nothing when the name is good.
///
/// `isPrefix` says that the text is a `generateName`, which may end in `-` because more follows.
// Kubernetes: apimachinery/pkg/util/validation/validation.go, apimachinery/pkg/api/validation/generic.go
package enum NameValidation {
    /// A lower-case label of at most 63 characters, as in `my-name`.
    package static func dns1123Label(_ value: String, isPrefix: Bool = false) -> [String] {
        check(value, isPrefix) { value in
            var errors: [String] = []
            if value.utf8.count > 63 { errors.append(maximumLength(63)) }
            if !isLabel(value.utf8[...]) {
                let isSubdomain = isSubdomain(value.utf8[...])
                errors.append(isSubdomain ? "must not contain dots" : NameTexts.dns1123Label)
            }
            return errors
        }
    }

    /// Labels joined by dots, at most 253 characters, as in `example.com`.
    package static func dns1123Subdomain(_ value: String, isPrefix: Bool = false) -> [String] {
        check(value, isPrefix) { value in
            var errors: [String] = []
            if value.utf8.count > 253 { errors.append(maximumLength(253)) }
            if !isSubdomain(value.utf8[...]) { errors.append(NameTexts.dns1123Subdomain) }
            return errors
        }
    }

    /// As `dns1123Subdomain`, but labels may begin with and contain `_`.
    package static func dns1123SubdomainWithUnderscore(_ value: String) -> [String] {
        var errors: [String] = []
        if value.utf8.count > 253 { errors.append(maximumLength(253)) }
        let labels = value.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let isGood = labels.allSatisfy { label in
            let rest = label.first == UInt8(ascii: "_") ? label.dropFirst() : label
            return matches(rest, first: \.isLowerOrDigit, middle: { isLabelUnit($0) || $0 == UInt8(ascii: "_") })
        }
        if !isGood { errors.append(NameTexts.dns1123SubdomainWithUnderscore) }
        return errors
    }

    /// A lower-case label of at most 63 characters that begins with a letter.
    package static func dns1035Label(_ value: String, isPrefix: Bool = false) -> [String] {
        check(value, isPrefix) { value in
            var errors: [String] = []
            if value.utf8.count > 63 { errors.append(maximumLength(63)) }
            let beginsWithLetter = value.utf8.first.map { (0x61...0x7A).contains($0) } ?? false
            if !beginsWithLetter || !isLabel(value.utf8[...]) { errors.append(NameTexts.dns1035Label) }
            return errors
        }
    }

    /// `*.` and a subdomain.
    package static func wildcardDNS1123Subdomain(_ value: String) -> [String] {
        var errors: [String] = []
        if value.utf8.count > 253 { errors.append(maximumLength(253)) }
        if !value.hasPrefix("*.") || !isSubdomain(value.utf8.dropFirst(2)) {
            errors.append(NameTexts.wildcardSubdomain)
        }
        return errors
    }

    /// Anything that can be one part of a path.
    // Kubernetes: apimachinery/pkg/api/validation/path/name.go
    package static func pathSegmentName(_ value: String, isPrefix: Bool = false) -> [String] {
        if !isPrefix, value == "." || value == ".." { return ["may not be '\(value)'"] }
        var errors: [String] = []
        for character in ["/", "%"] where value.utf8.contains(character.utf8[character.utf8.startIndex]) {
            errors.append("may not contain '\(character)'")
        }
        return errors
    }

    /// A name with at least two dots, `a.b.c`.
    package static func fullyQualifiedName(_ path: FieldPath, _ name: String) -> [FieldError] {
        if name.isEmpty { return [.required(path)] }
        let errors = dns1123Subdomain(name)
        if !errors.isEmpty { return [.invalid(path, .string(name), errors.joined(separator: ","))] }
        if name.utf8.count(where: { $0 == UInt8(ascii: ".") }) < 2 {
            return [
                .invalid(path, .string(name), "should be a domain with at least three segments separated by dots")
            ]
        }
        return []
    }

    /// `must be no more than N characters`.
    package static func maximumLength(_ length: Int) -> String { "must be no more than \(length) characters" }

    /// `must be between A and B, inclusive`.
    package static func range(_ low: Int, _ high: Int) -> String { "must be between \(low) and \(high), inclusive" }

    /// Checks a prefix as if another character stood in the place of its last `-`.
    private static func check(_ value: String, _ isPrefix: Bool, _ rule: (String) -> [String]) -> [String] {
        guard isPrefix, value.utf8.count > 1, value.utf8.last == UInt8(ascii: "-") else { return rule(value) }
        return rule(String(value.dropLast()) + "a")
    }
}

extension NameValidation {
    static func isLabelUnit(_ unit: UInt8) -> Bool { unit.isLowerOrDigit || unit == UInt8(ascii: "-") }

    /// Whether `text` has `first` units at both ends and `middle` units between.
    static func matches<Units: BidirectionalCollection<UInt8>>(
        _ text: Units,
        first: (UInt8) -> Bool,
        middle: (UInt8) -> Bool
    ) -> Bool {
        guard let begin = text.first, let end = text.last, first(begin), first(end) else { return false }
        return text.allSatisfy(middle)
    }

    static func isLabel(_ text: Substring.UTF8View) -> Bool {
        matches(text, first: \.isLowerOrDigit, middle: isLabelUnit)
    }

    static func isSubdomain(_ text: Substring.UTF8View) -> Bool {
        var previous = UInt8(ascii: ".")
        for unit in text {
            switch unit {
            case UInt8(ascii: "."):
                // A label must not end in `-`, nor be empty.
                if previous == UInt8(ascii: ".") || previous == UInt8(ascii: "-") { return false }
            case UInt8(ascii: "-"):
                if previous == UInt8(ascii: ".") { return false }
            default:
                if !unit.isLowerOrDigit { return false }
            }
            previous = unit
        }
        return previous != UInt8(ascii: ".") && previous != UInt8(ascii: "-")
    }
}
