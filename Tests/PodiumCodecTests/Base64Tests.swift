// SPDX-License-Identifier: Apache-2.0
// Base64: what is written is read back, and corruption is told at its byte.

import PodiumCodec
import Testing

@Suite struct Base64Tests {
    @Test(
        "Corrupt texts are refused at the byte where Go refuses them",
        arguments: [
            ("!!", 0), ("YQ=", 3), ("YQ", 0), ("Y", 0), ("YWJj!", 4), ("YQ==x", 4), ("YQ=x", 2), ("=", 0), ("Y=", 1),
            ("YWI=YWI=", 4), ("YWJjYW", 4),
        ]
    )
    func corrupt(text: String, offset: Int) {
        #expect(Base64.decode(text) == .failure(Base64.CorruptInput(offset: offset)))
    }

    @Test(
        "The variant of URLs has characters of its own and no padding",
        arguments: [("+", 0), ("YQ==", 2), ("Y", 0), ("YWJjY", 4), ("a/b", 1)]
    )
    func corruptURL(text: String, offset: Int) {
        #expect(Base64.decode(text, as: .url) == .failure(Base64.CorruptInput(offset: offset)))
        #expect(Base64.encode([0xFB, 0xEF, 0xFF, 0xFE], as: .url) == "--___g")
    }

    @Test func lineBreaksAreSkipped() {
        #expect(Base64.decode("Y\nQ\r\n=\n=\n") == .success(Array("a".utf8)))
    }

    @Test func whatIsWrittenIsReadBack() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ count &* 31) }
            #expect(Base64.decode(Base64.encode(bytes)) == .success(bytes))
            #expect(Base64.decode(Base64.encode(bytes, as: .url), as: .url) == .success(bytes))
            #expect(Base64.decodedCount(Base64.encode(bytes)) == count)
        }
    }
}
