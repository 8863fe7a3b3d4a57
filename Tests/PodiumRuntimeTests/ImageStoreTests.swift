// SPDX-License-Identifier: Apache-2.0
// The images of a node and of the registries, and files that have several names.

import PodiumPodModel
import PodiumRuntime
import PodiumSandboxTesting
import PodiumShell
import Testing

@Suite struct ImageStoreTests {
    private let registry = ImageRegistry(programs: Applets.library)

    private func pull(_ name: String) throws -> ImagePull {
        let reference = try ImageReference(parsing: name)
        return ImageStore.pull(reference, registry.profile(of: reference))
    }

    @Test func whatWasPulledIsThere() throws {
        var store = ImageStore()
        let reference = try ImageReference(parsing: "shop/api:1")
        let profile = registry.profile(of: reference)
        #expect(!store.contains(reference, profile))
        let isNew = [store.insert(reference, profile), store.insert(reference, profile)]
        #expect(isNew == [true, false])
        #expect(store.contains(reference, profile))
        let entry = try #require(store.reported.first)
        #expect(store.reported.count == 1 && entry.size == profile.size)
        #expect(entry.names.count == 2 && entry.names[1] == "docker.io/shop/api:1")
        #expect(entry.names[0].hasPrefix("docker.io/shop/api@sha256:"))
    }

    @Test(arguments: [
        ("nginx:nonexistent", "code = NotFound"), ("registry.invalid/a:1", "no such host"),
    ])
    func whatCannotBePulledSaysWhy(name: String, text: String) throws {
        #expect(try pull(name).failure?.contains(text) == true)
        #expect(try pull("nginx:1.27").failure == nil)
    }

    @Test func anotherTableIsAnotherRegistry() throws {
        let reference = try ImageReference(parsing: "shop/api:1")
        #expect(try pull("shop/api:1").failure == nil)
        registry.replace(with: ImageTable(isExhaustive: true))
        #expect(registry.table == ImageTable(isExhaustive: true))
        #expect(ImageStore.pull(reference, registry.profile(of: reference)).failure != nil)
    }
}

@Suite struct SharedFilesTests {
    private func output(_ script: String) throws -> String {
        var pod = SandboxTester()
        let container = try pod.start(sh: script)
        pod.run(for: .seconds(5))
        return pod.log(of: container)
    }

    @Test(arguments: [
        ("echo 1 > a; ln a b; echo 2 > b; cat a", "2\n"),
        ("echo 1 > a; ln a b; rm a; cat b; stat -c %h b", "1\n1\n"),
        ("echo 1 > a; ln a b; ln b c; stat -c %h a b c", "3\n3\n3\n"),
        ("echo 1 > a; ln a b; chmod 600 b; stat -c %a a", "600\n"),
        ("echo 1 > a; ln a b; mv b c; echo 3 >> c; cat a", "1\n3\n"),
        ("mkdir d; echo 1 > a; ln a d/b; rm -r d; stat -c %h a; cat a", "1\n1\n"),
        ("echo 1 > a; ln a b; echo 2 > x; mv x b; cat a b", "1\n2\n"),
        (
            "ln -s a l; echo 1 > a; cat l; readlink l; rm a; cat l 2>&1",
            "1\na\ncat: can't open 'l': No such file or directory\n"
        ),
        ("mkdir d; ln d e 2> /dev/null; echo $?", "1\n"),
    ])
    func allNamesShowOneFile(script: String, expected: String) throws {
        #expect(try output("cd /tmp; \(script)") == expected)
    }
}
