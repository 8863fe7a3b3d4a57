// SPDX-License-Identifier: Apache-2.0
// The texts of Kubernetes' name checks, each with the expression that it tells the user.

/// Wire messages about names.
// Kubernetes: apimachinery/pkg/util/validation/validation.go
enum NameTexts {
    private static let label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
    private static let underscoreLabel = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
    private static let subdomain = label + #"(\."# + label + ")*"
    private static let key = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
    private static let alphanumericEnds = "and must start and end with an alphanumeric character"

    static let dns1123Label = regex(
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', \(alphanumericEnds)",
        label,
        "my-name",
        "123-abc"
    )
    static let dns1123Subdomain = regex(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
            + alphanumericEnds,
        subdomain,
        "example.com"
    )
    static let dns1123SubdomainWithUnderscore = regex(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', "
            + alphanumericEnds,
        underscoreLabel + #"(\."# + underscoreLabel + ")*",
        "example.com"
    )
    static let dns1035Label = regex(
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
            + "start with an alphabetic character, and end with an alphanumeric character",
        "[a-z]([-a-z0-9]*[a-z0-9])?",
        "my-name",
        "abc-123"
    )
    static let wildcardSubdomain = regex(
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
            + "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
        #"\*\."# + subdomain,
        "*.example.com"
    )
    static let keyName = regex(
        "must consist of alphanumeric characters, '-', '_' or '.', \(alphanumericEnds)",
        key,
        "MyName",
        "my.name",
        "123-abc"
    )
    static let keyShape =
        "a valid label key \(keyName) with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
    static let labelValue = regex(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
            + alphanumericEnds,
        "(\(key))?",
        "MyValue",
        "my_value",
        "12345"
    )
    static let cIdentifier = regex(
        "a valid C identifier must start with alphabetic character or '_', "
            + "followed by a string of alphanumeric characters or '_'",
        "[A-Za-z_][A-Za-z0-9_]*",
        "my_name",
        "MY_NAME",
        "MyName"
    )
    static let percent = regex(
        "a valid percent string must be a numeric string followed by an ending '%'",
        "[0-9]+%",
        "1%",
        "93%"
    )
    static let httpHeaderName = regex(
        "a valid HTTP header must consist of alphanumeric characters or '-'",
        "[-A-Za-z0-9]+",
        "X-Header-Name"
    )
    static let relaxedEnvironmentName =
        "a valid environment variable name must consist only of printable ASCII characters other than '='"
    static let configKey = regex(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
        "[-._a-zA-Z0-9]+",
        "key.name",
        "KEY_NAME",
        "key-name"
    )

    /// `message (e.g. 'a',  or 'b', regex used for validation is '…')`.
    static func regex(_ message: String, _ expression: String, _ examples: String...) -> String {
        let list = examples.map { "'\($0)', " }.joined(separator: " or ")
        let head = examples.isEmpty ? "" : "e.g. \(list)"
        return "\(message) (\(head)regex used for validation is '\(expression)')"
    }
}
