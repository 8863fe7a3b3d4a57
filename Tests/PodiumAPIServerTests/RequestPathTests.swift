// SPDX-License-Identifier: Apache-2.0
// Paths are decoded once, part by part, and understood as Kubernetes does.

import PodiumAPIServer
import PodiumMachinery
import Testing

@Suite struct RequestPathTests {
    /// The path as one line, for tables.
    private func describe(_ rawPath: String) throws -> String {
        switch try RequestPath(rawPath) {
        case .other(let parts): return "other " + parts.joined(separator: "|")
        case .resource(let path):
            let object = [path.name, path.subresource].compactMap(\.self) + path.rest
            let version = path.groupVersion.group + "|" + path.groupVersion.version
            return "\(path.isLegacyWatch ? "watch " : "")\(version) \(path.namespace)|\(path.plural) "
                + object.joined(separator: "|")
        }
    }

    @Test(arguments: [
        ("/", "other "), ("", "other "), ("no slash", "other "), ("/api", "other api"), ("/api/", "other api"),
        ("/api/v1", "other api|v1"), ("/apis/apps/v1", "other apis|apps|v1"), ("//", "other "),
        ("/a//b", "other a||b"), ("/healthz/ping", "other healthz|ping"),
        ("/api/v1/pods", "|v1 |pods "), ("/api/v1/pods/", "|v1 |pods "),
        ("/api/v1/namespaces/a/pods/b", "|v1 a|pods b"), ("/api/v1/namespaces/a/pods/b/log", "|v1 a|pods b|log"),
        ("/api/v1/namespaces/a/pods/b/proxy/c/d", "|v1 a|pods b|proxy|c|d"),
        ("/api/v1/namespaces/a", "|v1 |namespaces a"), ("/api/v1/namespaces/a/status", "|v1 |namespaces a|status"),
        ("/api/v1/namespaces/a/finalize", "|v1 |namespaces a|finalize"),
        ("/apis/apps/v1/namespaces/a/deployments", "apps|v1 a|deployments "),
        ("/api/v1/watch/namespaces/a/pods", "watch |v1 a|pods "), ("/api/v1/watch", "|v1 |watch "),
    ])
    func readsPaths(_ rawPath: String, _ expected: String) throws {
        #expect(try describe(rawPath) == expected)
    }

    // A slash that was escaped separates like any other, as upstream has it; decoding twice would make another one.
    @Test(arguments: [
        ("/api/v1/nodes/a%2Fb", "|v1 |nodes a|b"), ("/api/v1/nodes/a%00b", "|v1 |nodes a\u{0}b"),
        ("/api/v1/nodes/%252F", "|v1 |nodes %2F"),
        ("/api/v1/n%6Fdes/%C3%BC", "|v1 |nodes ü"), ("/api/v1/nodes/a+b", "|v1 |nodes a+b"),
        ("/api/v1/nodes/ü%41/x", "|v1 |nodes üA|x"), ("/%61pi/v1/nodes", "|v1 |nodes "),
    ])
    func decodesOnce(_ rawPath: String, _ expected: String) throws {
        #expect(try describe(rawPath) == expected)
    }

    @Test(arguments: ["/api/v1/nodes/%", "/api/v1/nodes/%4", "/%zz", "/%ff", "/%4%31", "/a/%/b"])
    func refusesWhatDoesNotDecode(_ rawPath: String) {
        let error = #expect(throws: StatusError.self) { _ = try RequestPath(rawPath) }
        #expect(error?.code == 400)
    }
}
