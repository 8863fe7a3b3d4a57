// SPDX-License-Identifier: Apache-2.0
// gzip and tar against what real programs made, against damage, and as ends of pipes.

import PodiumRuntime
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
}
