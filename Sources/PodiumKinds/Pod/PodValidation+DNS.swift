// SPDX-License-Identifier: Apache-2.0
// Rules of how a pod resolves names.

import PodiumCodec
import PodiumMachinery

extension PodValidation {
    // What the name resolution of libc takes.
    private static let maximumNameservers = 3
    private static let maximumSearches = 32
    private static let maximumSearchLength = 2048

    func dnsConfigErrors(_ spec: PodField) -> [FieldError] {
        let config = spec["dnsConfig"]
        let nameservers = config["nameservers"]
        let searches = config["searches"]
        if spec["dnsPolicy"].text == "None" {
            if !config.isSet { return [config.required("must provide `dnsConfig` when `dnsPolicy` is None")] }
            if nameservers.count == 0 {
                let text = "must provide at least one DNS nameserver when `dnsPolicy` is None"
                return [nameservers.required(text)]
            }
        }
        guard config.isSet else { return [] }
        var errors: [FieldError] = []
        if nameservers.count > Self.maximumNameservers {
            errors.append(nameservers.invalid("must not have more than \(Self.maximumNameservers) nameservers"))
        }
        errors += nameservers.elements.flatMap(\.ipErrors)
        if searches.count > Self.maximumSearches {
            errors.append(searches.invalid("must not have more than \(Self.maximumSearches) search paths"))
        }
        let length = searches.texts.reduce(max(0, searches.count - 1)) { $0 + $1.utf8.count }
        if length > Self.maximumSearchLength {
            let text =
                "must not have more than \(Self.maximumSearchLength) characters (including spaces) "
                + "in the search list"
            errors.append(searches.invalid(text))
        }
        errors += searches.elements.flatMap { searchErrors($0) }
        for option in config["options"].elements where option["name"].text.isEmpty {
            errors.append(option.required("must not be empty"))
        }
        return errors
    }

    /// A domain, perhaps with a dot at its end; the dot alone is the root.
    private func searchErrors(_ search: PodField) -> [FieldError] {
        guard search.text != "." else { return [] }
        let domain = search.text.hasSuffix(".") ? String(search.text.dropLast()) : search.text
        let details = NameValidation.dns1123SubdomainWithUnderscore(domain)
        return PodField(.string(domain), at: search.path).invalid(each: details)
    }
}
