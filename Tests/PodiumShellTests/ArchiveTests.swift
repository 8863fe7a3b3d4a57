// SPDX-License-Identifier: Apache-2.0
// gzip and tar against what real programs made, against damage, and as ends of pipes.

import PodiumRuntime
import PodiumSandboxTesting
import Testing

@Suite struct ArchiveTests {
    /// What zlib made of 220 words, with codes of its own.
    private static let compressed = """
        H4sIAAAAAAACA11UW3LcQAj8zynmCJonw3HkrMqbqn2VveVcP4hu5Kx/NDWIgaZpuN1PW9Z02dbPbda0Xh7nVdP2td2euaSb/ZUG
        62jptF2ea0tv23PtnW9gzBlvOp2luFeZ6fFxf9vmkv5c1/dNeDQ8HnjcmU/S437qNb2v1+s61CNI3Y2SEadUGBvizExIAvOSPs/b
        5TJfkpWR/q7P3+cpB8S9rK743adfKwuxDB5DlYURuf3316O6u1YErQO/AXaQlJLdyXh1p05eZ3cvJRBBqMaMjUVZhgC2exuzRsCI
        0hBCeNP93yxkQw5MCKggrbEnVvGez8C5e25wFxSqc4+V+bZmVNIXOBkN3pUusBvVu/fLTRfcWmfe0AbIKQUhCmHZCV0RfvFOG3i3
        5kmJoD3CnjbimGyHMNgkbvZaaZbvMuL0PlFOPSNZgaZDKQVejY0YfqMO8o/hmDEyXqoQdWb+Si/xYyBuEN8pj+EdDoZzyIFnpdKs
        YswFCTKwDqSNV0YqD06eySfCvLhbkxzx4DNlXa2wOyRcKY9KBpVboPSf8+CoKsVqXyPVM7P4LofMfTYWiqMSB+8t7lRpEBwts+eo
        a+HJkdN8vINQQ4RYRFooAK467WGGJvmKu0c6OY87yRjLAQL2hWII0XIssaUGK44pKaTOOSq+7GKnKndVw7ATZIRVbiy21LYfFlk9
        suNkC20LYd7ZamsAwiiLZdGDklZQJByGRqYHw5o9Zup/t0rCK7Mp1tWIrUI3xWo2LBwXxOQKNBVBnf3XP5/c5siJBgAA
        """

    /// An archive in the form of POSIX, with a name that needs a header of its own.
    private static let archive = """
        H4sIALZlDGsC/+3WvQrCMBSG4cxeRcS9+W0DguDo6C0ctVpB09JW0Ls3KoiKDg6pYL9nCXRJoX1zQlUllqVfC0pOtN+xGGSQWXtd
        g9c1SJkyTjurbs+VzKRmXLIOHJqW6vAqrJ9ozNWAQV9R6L8++KQp4u1xidql6ef+tXnuXzqnLPrvwmgoFlsvmmKQL4uSh18Bp0Gf
        JCIR0zkdZzmt8jpe/2+6v/evZfZwF7jOf60M40f0H50yllfUFpPLIPA/giPnp/M/9uf9+v5vjE4N5n8XdqXfID8AAAAAAAAAAAAA
        AID/cQa3fh+WACgAAA==
        """

    @Test func whatRealProgramsCompressedExpands() throws {
        let result = try ScriptResult("base64 -d <<E | gunzip | md5sum\n\(Self.compressed)\nE")
        #expect(result.output == "ed0846829e2c749f972442dbb9fcba9b  -\n")
    }

    @Test func realArchivesUnpack() throws {
        let script = "cd /tmp; base64 -d <<E | tar xzf - \n\(Self.archive)\nE\n"
        let result = try ScriptResult(script + "sh app/run.sh; cat app/conf/a.yaml app/nnn*; stat -c %Y app/run.sh")
        #expect(result.output == "run\na: 1\nlong\n1600000000\n")
    }

    @Test(arguments: [0, 1, 17, 4_096, 70_000])
    func whatIsCompressedExpandsToItself(_ count: Int) throws {
        let script = "seq 1 20000 | head -c \(count) > /tmp/a; gzip -c /tmp/a | gunzip -c | cmp - /tmp/a && echo same"
        #expect(try ScriptResult(script).output == "same\n")
    }

    @Test(arguments: [
        "echo hello | gzip | head -c 12 | gunzip", "echo junk | gunzip", "printf '\\037\\213' | gunzip",
        "head -c 600 /dev/zero | tr '\\0' x | tar tf -", "echo x | tar xzf -", "head -c 100 /dev/zero | tar tf -",
        "(printf '\\037\\213\\010\\0\\0\\0\\0\\0\\0\\3'; head -c 99 /dev/urandom) | gunzip",
    ])
    func damagedDataIsRefused(_ script: String) throws {
        #expect(try ScriptResult(script).code == 1)
    }

    /// A file of gigabytes is mostly zeros that are not stored; what reads it must not store them either.
    @Test func archivesOfLargeFilesFlowThroughPipes() throws {
        let script = """
            cd /tmp; mkdir d; truncate -s 20M d/big; tar cf - d | tar tvf - | awk '{ print $3, $6 }'
            tar cf - d | head -c 600 | wc -c
            """
        #expect(try ScriptResult(script).output == "0 d/\n20971520 d/big\n600\n")
    }

    @Test func namesThatLeadOutsideAreLeftOut() throws {
        let script = "mkdir -p /tmp/a/b; cd /tmp/a/b; echo x > ../f; tar cf t.tar ../f; rm ../f; tar xf t.tar; ls .."
        #expect(try ScriptResult(script).output == "b\n")
    }

    /// Few bytes that expand to twenty megabytes of zeros, which is more than is kept of one file.
    @Test(arguments: [
        """
        H4sIAAAAAAAC/+3bPQ4BARAG0F22QOKnkCgUHEKhkdCoNWpxALXSJqLSaJzDGXRuIDoHEBGFSqxdZ1Bt3qum/rr5MtPZloJMIbkdwzAd4t3nc
        C9VAgAAACDn4su6mJUBQTc5jydTAAAAIO/m9Vr0KwXes/ZIHAAAAJB7m0G/8bsQeK4WkTgAAAAg9/ava5xVAcNTcq6WPU0AAADAPzyard6yn+
        7b4RfByByqtU8AAA==
        | gunzip 2>/dev/null | gunzip | wc -c
        """,
        "QlpoOTFBWSZTWegs7hwAoKDIAMAAAAIACCAAMMwFKaaBIE2EEgTxdyRThQkOgs7hwA== | bunzip2 | wc -c",
    ]) func whatExpandsToMoreThanIsKeptIsRefused(_ text: String) throws {
        let parts = text.split(separator: "|", maxSplits: 1)
        let script = "base64 -d <<E |\(parts[1].trimmingPrefix(while: \.isNewline))\n\(parts[0])\nE\n"
        let result = try ScriptResult(script)
        #expect(result.errors.hasSuffix("out of memory\n"))
        #expect(result.output == "0\n")
    }

    /// A container that expands much does not keep the other from its turns.
    @Test func whoExpandsMuchTakesTurns() throws {
        let script = """
            cd /tmp; seq 200000 > a; (gzip -c a > a.gz; echo packed) & for i in 1 2 3; do echo $i; done; wait
            """
        #expect(try ScriptResult(script).output == "1\n2\n3\npacked\n")
    }

    /// A file with several names in a volume looks like any other to who looks from outside.
    @Test func filesWithSeveralNamesShowTheSameThroughEach() throws {
        var tester = SandboxTester()
        let script = """
            cd /data; echo 1 > a; ln a b; mkdir d; ln a d/c; echo 2 >> b; rm a; echo 3 >> d/c; stat -c %h b; mv b /tmp/b
            stat -c %h d/c; cat /tmp/b; cp -r d e; echo 4 >> d/c; cat e/c | wc -l; [ d/c -ef e/c ] || echo apart
            """
        let handle = try tester.start(sh: script) { $0.mounts = [ContainerMount(path: "/data", volume: "data")] }
        tester.run(for: .seconds(3))
        #expect(tester.log(of: handle) == "2\n1\n1\n2\n3\n3\napart\n")
        #expect(tester.sandbox.volume(named: "data")?.read("d/c") == Array("1\n2\n3\n4\n".utf8))
    }
}
