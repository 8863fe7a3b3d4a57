// SPDX-License-Identifier: Apache-2.0
// Names of images that say that there is no such image, and names that only sound a little like it.

import PodiumPodModel
import PodiumRuntime
import PodiumShell
import Testing

@Suite struct ImageAbsenceTests {
    private static func supply(_ name: String) throws -> ImageSupply? {
        let reference = try ImageReference(parsing: name)
        return ImageTable().facts(of: reference).pull
    }

    @Test(arguments: [
        "nginx:nonexistent", "nginx:does-not-exist", "nginx:invalid-tag", "nginx:invalid", "nginx:404", "nginx:missing",
        "nginx:no-such-tag", "nginx:nosuchtag", "nginx:notfound", "nginx:bad-tag", "nginx:wrongtag", "nginx:fake-tag",
        "nginx:doesnotexist", "nginx:this-tag-does-not-exist", "nginx:nonexistent-v1", "nginx:99.99.99",
        "nginx:v999.999",
        "nginx:999", "busybox:99999", "nginx:1.27-nonexistent", "nginx:INVALID-TAG", "nginx:invalid_version",
        "example.com/no-such-image:latest", "no-such-image", "nosuchimage", "nonexistent", "nonexistent-image:v1",
        "non-existent-image", "non-existing-image", "does-not-exist:2", "doesnotexist/app:1",
        "docker.io/doesnt-exist/x",
        "this-image-does-not-exist", "thisimagedoesnotexist:v1", "i-dont-exist", "example.com/team/missing:v1",
        "missing:8", "missing-image", "invalid-image", "invalid-image:latest", "invalid-image-name",
        "my-invalid-image-2",
        "fake-image", "fake/image:tag", "bogus", "bogus-image:1", "bad-image", "wrong-image-name", "badimage",
        "invalidimage", "image-not-found", "registry.k8s.io/not-found", "notarealimage", "not-a-real-image:1.0",
        "invalid/image", "foo/nonexistent-repo", "unknown-image", "nonexistentimage", "should-not-exist:1",
        "quay.io/team/image_does_not_exist", "fake-registry/app:1", "gcr.io/project/nonexistent.app",
        "nginxx", "nginxxx:1.27", "busyboxx", "ngnix", "rediss:7", "ubunut", "team/denied", "team/denied:1",
        "unreachable.example.com/app:1", "invalid.registry.k8s.io/invalid/alpine:3.1", "registry.invalid/app",
        "registry.invalid:5000/app:1", "invalid.example.com/nginx", "nonexistent.registry.io/app:1",
        "no-such-registry.example.com/app", "fake-registry.example.com/app:1", "broken-image:v1", "does/not/exist",
        "no/such/image:v1", "acme/broken-image", "not/found", "fake/repo", "redis:notatag", "nginx:nope",
        "nginx:1.161", "python:3.122", "postgres:16.300-alpine3", "ghcr.io/acme/this-image-does-not-exist:latest",
        "quay.io/acme/nonexistent:sha-1234", "my-registry.invalid/team/app", "acme/wrong-image:1.0",
        "nginx:version-does-not-exist", "busybox:no-such-version", "example.com/app:invalid-tag", "acme/app:not-a-tag",
        "nginx:doesntexist", "thisdoesnotexist", "nginx:nonexistenttag2", "acme/nonexistentapp", "nginxdoesnotexist",
        "nosuchimagetag.example.com/x", "acme/image-does-not-exist-12345", "non-existent.registry.example.com/app",
    ])
    func namesThatSayOfThemselvesThatThereIsNoSuchImage(name: String) throws {
        let supply = try Self.supply(name)
        #expect(supply == .notFound || supply == .denied || supply == .unreachable)
    }

    @Test(arguments: [
        "registry/missing-persons:1", "acme/denied-claims-api:3", "team/slow-5s-report", "acme/fake-s3",
        "stripe/stripe-mock", "invalid-claims-service", "acme/missingness:2", "nicholasjackson/fake-service:v0.26.2",
        "fsouza/fake-gcs-server", "acme/fake-smtp-server", "acme/unreachable-hosts:1", "acme/cache-invalidator",
        "acme/invalidation-service:404.1", "acme/page-not-found:1", "acme/not-found-page", "acme/404-not-found:1",
        "tarampampam/error-pages:3", "default-404-backend", "registry.k8s.io/defaultbackend-amd64:1.5",
        "acme/wrong-secrets", "jeroenwillemsen/wrongsecrets:latest", "h2non/imaginary:1.2", "acme/badssl",
        "chromium/badssl.com", "acme/broken-link-checker", "acme/lost-and-found", "acme/missing-translations:9",
        "acme/bogus-traffic-filter", "acme/fake-news-detector", "acme/fake-registry:2", "acme/unknown-pleasures",
        "acme/denied-party-screening", "acme/existence-proofs", "acme/invalid-traffic:5", "acme/api:999",
        "acme/api:9.9.9", "acme/api:404.2", "nginx:1.27", "busybox:1.36", "redis:7.2", "node:20-alpine", "mongo:7",
        "docker.io/acme/ghost:1", "acme/phantomjs", "ghcr.io/acme/dummy:1", "mocks/mock-server:5.15.0",
        "acme/slow-query-log:1", "acme/slow-8sec:1", "acme/nothing:1", "acme/null-service", "acme/void:1",
        "localhost:5000/app:dev", "invalid-claims.example.com/app:1", "unreachables.example.com/app:1",
        "acme/missing_link:1", "acme/bad-bank:1", "acme/tag-not-foundry:1", "example.com/absent:1",
        "acme/image-tagger:1", "acme/unknown-tag-parser:1", "acme/invalid-image-detector:1", "foo/bar:baz",
        "my-image:latest", "test-image:v1", "dummy-image", "docker.io/library/mysql:8", "postgres:16", "httpd",
        "acme/broken-images-report:2", "acme/brokenhearted", "acme/nopeeking:1", "acme/404:1", "acme/error-pages:404",
        "registry/image/missing-tags-finder", "does/exist", "acme/not-found-handler:404", "acme/fakeit:1",
        "acme/deniedparty:1", "acme/slow-5sec", "acme/bad-words-filter", "acme/missing-link/api:2", "acme/nginx:1.161",
        "alpine:20240329", "debian:bookworm-20240513", "amazonlinux:2023.4.20240416.0", "rockylinux:9.3.20231119",
        "jenkins/jenkins:2.440.3-lts", "elasticsearch:7.17.100", "ubuntu:24.04", "python:3.12.3-slim", "redis:7.2.4",
        "nonexistentia.example.com/x:1", "acme/whatdoesnotexistyet", "acme/nonexistents:1", "[::1]:5000/x:1",
        "[2001:db8::1]/team/x",
        "acme/invalidator:invalidation-2", "acme/exists-not:1", "acme/real-estate:not-yet", "acme/unreachable-code:1",
    ])
    func namesThatSayNothingOfTheKind(name: String) throws { #expect(try Self.supply(name) == nil) }

    @Test(arguments: [
        ("example.com/apps/slow-8s", 8), ("slow-30s:1", 30), ("example.com/slow-0s/app", 0),
    ])
    func aComponentSaysHowLongPullingTakes(name: String, seconds: Int) throws {
        #expect(try Self.supply(name) == .pulled(takes: .seconds(seconds)))
    }

    @Test(arguments: [
        ("does-not-exist:2", ": not found"), ("nginx:nonexistent", "docker.io/library/nginx:nonexistent: not found"),
        ("no-such-image", "pull access denied"), ("registry.k8s.io/no-such-image", ": not found"),
        ("team/denied", "pull access denied"), ("registry.invalid/app", "lookup registry.invalid: no such host"),
    ])
    func theFailureIsWordedAsOnANode(name: String, text: String) throws {
        let reference = try ImageReference(parsing: name)
        let pull = ImageStore.pull(reference, ImageProfile(reference, in: ImageTable(), with: Applets.library))
        #expect(pull.failure?.contains(text) == true)
    }
}
