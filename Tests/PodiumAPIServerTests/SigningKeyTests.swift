// SPDX-License-Identifier: Apache-2.0
// Facts about the key that signs tokens.

import PodiumAPIServer
import PodiumCodec
import Testing

@Suite struct SigningKeyTests {
    @Test func aSeedAndANameGiveAKey() {
        let key = SigningKey(.seed(7, cluster: ""))
        #expect(SigningKey(.seed(7, cluster: "")).id == key.id)
        #expect(SigningKey(.seed(7, cluster: "a")).id != key.id)
        #expect(SigningKey(.seed(8, cluster: "")).id != key.id)
        #expect(SigningKey(.system).id != SigningKey(.system).id)
    }

    @Test func signaturesAreOfOneTextAndOneKey() {
        let key = SigningKey(.seed(1, cluster: ""))
        let signature = key.sign("a.b")
        #expect(signature.count == 256)
        #expect(key.sign("a.b") == signature)
        #expect(key.hasSigned("a.b", signature))
        #expect(!key.hasSigned("a.c", signature))
        #expect(!SigningKey(.seed(2, cluster: "")).hasSigned("a.b", signature))
        for wrong in [[], [0], signature + [0], Array(signature.dropLast()), Array(repeating: 255, count: 256)] {
            #expect(!key.hasSigned("a.b", wrong))
        }
    }

    @Test func theWebKeyHoldsTheModulus() throws {
        let key = SigningKey(.seed(1, cluster: ""))
        let modulus = try Base64.decode(key.webKey["n"]?.string ?? "", as: .url).get()
        #expect(modulus.count == 256)
        #expect(modulus[0] >= 128)
        #expect(key.webKey["e"] == "AQAB")
        #expect(key.webKey["kid"]?.string == key.id)
    }
}
