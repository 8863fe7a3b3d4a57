// SPDX-License-Identifier: Apache-2.0
// Base64: what is written is read back, and corruption is told at its byte.

import PodiumSchema
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

    @Test func lineBreaksAreSkipped() {
        #expect(Base64.decode("Y\nQ\r\n=\n=\n") == .success(Array("a".utf8)))
    }

    @Test func whatIsWrittenIsReadBack() {
        var random = SplitMix64(seed: 1)
        for count in 0..<70 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(Base64.decode(Base64.encode(bytes)) == .success(bytes))
        }
    }
}
