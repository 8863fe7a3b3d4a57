// SPDX-License-Identifier: Apache-2.0
// RSA keys of 2048 bits: made from a seed, signing and checking hashes (PKCS #1 v1.5, SHA-256).
#pragma once
#include <stddef.h>
#include <stdint.h>

enum {
    /// The length of a modulus and of a signature. A key begins with its modulus, the highest byte first.
    PODIUM_RSA_BYTES = 256,
    /// The length of a key: the modulus, two primes, and three numbers that make signing faster.
    PODIUM_RSA_KEY_BYTES = PODIUM_RSA_BYTES + 5 * PODIUM_RSA_BYTES / 2,
    PODIUM_RSA_EXPONENT = 65537,
    PODIUM_SHA256_BYTES = 32,
};

/// Makes a key out of `count` bytes: the same ones give the same key. 0 when there is none.
int podium_rsa_make(const uint8_t *seed, size_t count, uint8_t key[PODIUM_RSA_KEY_BYTES]);

/// Signs a SHA-256 hash; 0 when `key` is none.
int podium_rsa_sign(
    const uint8_t key[PODIUM_RSA_KEY_BYTES], const uint8_t digest[PODIUM_SHA256_BYTES],
    uint8_t signature[PODIUM_RSA_BYTES]);

/// Whether `signature` is that of `digest`.
int podium_rsa_verify(
    const uint8_t modulus[PODIUM_RSA_BYTES], const uint8_t digest[PODIUM_SHA256_BYTES],
    const uint8_t signature[PODIUM_RSA_BYTES]);
