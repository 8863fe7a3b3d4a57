// SPDX-License-Identifier: Apache-2.0
// Names: which are good, and the texts for those that are not.

import PodiumMachinery
import Testing

@Suite struct NameValidationTests {
    @Test(arguments: ["a", "a-b", "0", "a1-2-3", String(repeating: "a", count: 63)])
    func labelsAreGood(name: String) {
        #expect(NameValidation.dns1123Label(name).isEmpty)
    }

    @Test(arguments: ["", "A", "-a", "a-", "a_b", "é", "a b", "a\n"])
    func labelsAreBad(name: String) {
        #expect(NameValidation.dns1123Label(name).count == 1)
        #expect(NameValidation.dns1123Subdomain(name).count == 1)
    }

    @Test func dotsInLabelsHaveTheirOwnText() {
        #expect(NameValidation.dns1123Label("a.b") == ["must not contain dots"])
        #expect(NameValidation.dns1123Subdomain("a.b").isEmpty)
    }

    @Test(arguments: ["a..b", ".a", "a.", "a.-b", "a-.b", "."])
    func subdomainsNeedWholeLabels(name: String) {
        let text =
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
            + "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
            + #"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"#
        #expect(NameValidation.dns1123Subdomain(name) == [text])
    }

    @Test func lengthComesFirst() {
        let errors = NameValidation.dns1123Subdomain(String(repeating: "a", count: 253) + "_")
        #expect(errors.count == 2)
        #expect(errors.first == "must be no more than 253 characters")
        #expect(NameValidation.labelValue(String(repeating: "a", count: 64)) == ["must be no more than 63 bytes"])
    }

    @Test func prefixesMayEndInAHyphen() {
        #expect(NameValidation.dns1123Label("a-", isPrefix: true).isEmpty)
        #expect(!NameValidation.dns1123Label("-", isPrefix: true).isEmpty)
        #expect(!NameValidation.dns1123Label("a_", isPrefix: true).isEmpty)
    }

    @Test func keysHavePrefixAndName() {
        #expect(NameValidation.qualifiedName("example.com/My_Name.1").isEmpty)
        #expect(NameValidation.qualifiedName("/a") == ["prefix part must be non-empty"])
        #expect(NameValidation.qualifiedName("a/").first == "name part must be non-empty")
        #expect(NameValidation.qualifiedName("a/b/c").count == 1)
        #expect(NameValidation.qualifiedName("a/b/c").first?.hasPrefix("a valid label key must consist") == true)
        #expect(NameValidation.qualifiedName("A/b").first?.hasPrefix("prefix part a lowercase RFC 1123") == true)
    }

    @Test func portsByName() {
        #expect(NameValidation.portName("http").isEmpty)
        #expect(
            NameValidation.portName("A_") == [
                "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
                "must contain at least one letter (a-z)",
            ]
        )
        #expect(
            NameValidation.portName("-a--b-") == [
                "must not contain consecutive hyphens", "must not begin or end with a hyphen",
            ]
        )
        #expect(NameValidation.portNumber(0) == ["must be between 1 and 65535, inclusive"])
    }

    @Test func configKeysStayInTheirDirectory() {
        #expect(NameValidation.configMapKey("..") == ["must not be '..'"])
        #expect(NameValidation.configMapKey("..x") == ["must not start with '..'"])
        #expect(NameValidation.configMapKey(".x").isEmpty)
        #expect(NameValidation.configMapKey("a/b").count == 1)
        #expect(NameValidation.configMapKey("").count == 1)
    }

    @Test func pathSegments() {
        #expect(NameValidation.pathSegmentName("..") == ["may not be '..'"])
        #expect(NameValidation.pathSegmentName("a/%") == ["may not contain '/'", "may not contain '%'"])
    }

    @Test(arguments: [
        ("1.2.3.4", "1.2.3.4"), ("::", "::"), ("::1", "::1"), ("1::", "1::"),
        ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("0:0:0:0:0:0:0:1", "::1"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("::ffff:1.2.3.4", "1.2.3.4"),
        ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"), ("64:ff9b::1.2.3.4", "64:ff9b::102:304"), ("01.2.3.4", "1.2.3.4"),
    ])
    func addressesAreReadAndPrinted(text: String, canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
    }

    @Test(arguments: [
        "", "x", "1.2.3", "1.2.3.256", "1.2.3.4.5", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "12345::", ":1::", "g::",
        "1:2:3:4:5:6:7:8:9", "1.2.3.4::", "::1.2.3", "1..2.3", " 1.2.3.4", "1.2.3.4/8", "-1.2.3.4",
    ])
    func otherTextsAreNoAddresses(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func addressesInLegacyFields() {
        #expect(NameValidation.ipAddress("x") == ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"])
        #expect(NameValidation.ipAddress("01.2.3.4") == ["must not have leading 0s"])
        #expect(NameValidation.ipAddress("::ffff:1.2.3.4") == ["must not be an IPv4-mapped IPv6 address"])
        #expect(NameValidation.cidr("10.0.0.0/8").isEmpty)
        #expect(NameValidation.cidr("10.0.0.1/8") == ["must not have bits set beyond the prefix length"])
        #expect(NameValidation.cidr("10.0.0.0/33").count == 1)
        #expect(NameValidation.cidr("::/0").isEmpty)
        #expect(NameValidation.cidr("10.0.0.0/08") == ["must not have leading 0s in IP or prefix length"])
    }
}
