// SPDX-License-Identifier: Apache-2.0
// Names of images: what they are read as, and which are none.

import PodiumPodModel
import Testing

@Suite struct ImageReferenceTests {
    private static let digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

    @Test(
        arguments: [
            ("nginx", "docker.io/library/nginx:latest"), ("nginx:1.27", "docker.io/library/nginx:1.27"),
            ("team/nginx", "docker.io/team/nginx:latest"), ("index.docker.io/a/b:t", "docker.io/a/b:t"),
            ("r.example:5000/a/b", "r.example:5000/a/b:latest"), ("r.example:5000/a/b:t", "r.example:5000/a/b:t"),
            ("localhost/a__b.c---d", "localhost/a__b.c---d:latest"),
            ("a@\(digest)", "docker.io/library/a@\(digest)"), ("a:t@\(digest)", "docker.io/library/a:t@\(digest)"),
        ]
    )
    func aNameIsReadWithItsDefaults(_ name: String, _ complete: String) throws {
        #expect(try ImageReference(parsing: name).description == complete)
    }

    @Test(
        arguments: [
            ("", "repository name must have at least one component"),
            ("UPPER", "invalid reference format: repository name (library/UPPER) must be lowercase"),
            ("a b", "invalid reference format"), ("a:", "invalid reference format"), ("a/", "invalid reference format"),
            ("a___b", "invalid reference format"), ("a:-t", "invalid reference format"),
            ("a@sha256:0", "invalid reference format"),
            ("a@sha512:0123456789abcdef0123456789abcdef", "invalid checksum digest length"),
            ("a@md5:0123456789abcdef0123456789abcdef", "unsupported digest algorithm"),
        ]
    )
    func whatIsNoNameIsRefused(_ name: String, _ detail: String) {
        let error = #expect(throws: ImageReferenceError.self) { try ImageReference(parsing: name) }
        #expect(error?.detail == detail)
    }
}
