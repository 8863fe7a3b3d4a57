// SPDX-License-Identifier: Apache-2.0
// The RSA key of a cluster: made when it is first needed, told to the world as a JSON Web Key.

import CPodiumKeys
package import PodiumCodec
import PodiumHost
import PodiumMachinery
import Synchronization

/// Where a key comes from.
package enum SigningKeyOrigin: Hashable, Sendable {
    /// Drawn from the system: nobody can guess it, and no two are the same.
    case system
    /// Made from a number and the name of a cluster: the same ones give the same key, to everybody who knows them.
    case seed(UInt64, cluster: String)

    /// The bytes that a key is made of.
    fileprivate var bytes: [UInt8] {
        switch self {
        case .system: return RandomSource.secret(count: 32)
        case .seed(let seed, let cluster):
            let number = (0..<8).map { UInt8(truncatingIfNeeded: seed >> UInt64($0 * 8)) }
            return SHA256.authenticationCode(of: Array("podium service account key of \(cluster)".utf8), key: number)
        }
    }
}

/// An RSA key of 2048 bits.
///
/// Making one takes some 50 ms, so it is not made before somebody wants to sign or to check.
// State | guarded by | why separate
// made | mutex | read by every request with a token; the key is made outside of the lock
package final class SigningKey: Sendable {
    /// A key and how it is called.
    private struct Material: Sendable {
        let bytes: [UInt8]
        /// The name of the key in the head of tokens.
        let id: String

        var modulus: ArraySlice<UInt8> { bytes.prefix(Int(PODIUM_RSA_BYTES)) }
    }

    private let origin: SigningKeyOrigin
    private let made = Mutex<Material?>(nil)

    /// A key that is yet to be made.
    package init(_ origin: SigningKeyOrigin) { self.origin = origin }

    private var material: Material {
        if let material = made.withLock({ $0 }) { return material }
        let fresh = Self.make(origin)
        return made.withLock { material in
            // Somebody else may have been faster.
            let kept = material ?? fresh
            material = kept
            return kept
        }
    }

    private static func make(_ origin: SigningKeyOrigin) -> Material {
        var key = [UInt8](repeating: 0, count: Int(PODIUM_RSA_KEY_BYTES))
        let seed = origin.bytes
        let isMade = podium_rsa_make(seed, seed.count, &key)
        precondition(isMade != 0, "every seed leads to two primes")
        let digest = SHA256.digest(of: DER.publicKey(modulus: key.prefix(Int(PODIUM_RSA_BYTES))))
        return Material(bytes: key, id: Base64.encode(digest, as: .url))
    }

    /// How the key is called: the hash of its public half, as upstream calls its keys.
    // Kubernetes: pkg/serviceaccount/jwt.go keyIDFromPublicKey
    package var id: String { material.id }

    /// The signature of a text.
    package func sign(_ text: String) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: Int(PODIUM_RSA_BYTES))
        let isSigned = podium_rsa_sign(material.bytes, SHA256.digest(of: Array(text.utf8)), &signature)
        precondition(isSigned != 0, "a key that was made here signs")
        return signature
    }

    /// Whether `signature` is that of `text`.
    package func hasSigned(_ text: String, _ signature: [UInt8]) -> Bool {
        guard signature.count == Int(PODIUM_RSA_BYTES) else { return false }
        return podium_rsa_verify(material.bytes, SHA256.digest(of: Array(text.utf8)), signature) != 0
    }

    /// The public half as a JSON Web Key.
    package var webKey: JSONValue {
        let material = material
        return [
            "use": "sig", "kty": "RSA", "kid": .string(material.id), "alg": "RS256",
            "n": .string(Base64.encode(material.modulus, as: .url)),
            "e": .string(Base64.encode(DER.exponent, as: .url)),
        ]
    }
}

/// The one form of ASN.1 that is needed: a public RSA key, as `openssl rsa -pubout` writes it.
private enum DER {
    /// 65537, the highest byte first.
    static let exponent: [UInt8] = [1, 0, 1]
    // rsaEncryption and no parameters.
    private static let algorithm: [UInt8] = [6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1, 5, 0]

    static func publicKey(modulus: ArraySlice<UInt8>) -> [UInt8] {
        // The highest bit of a modulus is set, which would make it negative.
        let key = element(0x30, element(2, [0] + modulus) + element(2, exponent))
        return element(0x30, element(0x30, algorithm) + element(3, [0] + key))
    }

    private static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let count = content.count
        let length: [UInt8] =
            count < 128
            ? [UInt8(count)]
            : count < 256 ? [0x81, UInt8(count)] : [0x82, UInt8(count >> 8), UInt8(truncatingIfNeeded: count)]
        return [tag] + length + content
    }
}
