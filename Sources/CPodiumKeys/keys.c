// SPDX-License-Identifier: Apache-2.0
// RSA by Nettle. Keys are bytes outside of here: Nettle works on GMP's numbers, which Swift cannot hold by value.
#include "CPodiumKeys.h"

#include <nettle/rsa.h>
#include <nettle/yarrow.h>

enum { HALF = PODIUM_RSA_BYTES / 2 };

// Puts the bytes of a key into Nettle's numbers; 0 when they are no key.
static int read_key(struct rsa_private_key *secret, const uint8_t *key) {
    const uint8_t *part = key + PODIUM_RSA_BYTES;
    nettle_mpz_set_str_256_u(secret->p, HALF, part);
    nettle_mpz_set_str_256_u(secret->q, HALF, part + HALF);
    nettle_mpz_set_str_256_u(secret->a, HALF, part + 2 * HALF);
    nettle_mpz_set_str_256_u(secret->b, HALF, part + 3 * HALF);
    nettle_mpz_set_str_256_u(secret->c, HALF, part + 4 * HALF);
    return rsa_private_key_prepare(secret);
}

static void write_key(const struct rsa_public_key *open, const struct rsa_private_key *secret, uint8_t *key) {
    uint8_t *part = key + PODIUM_RSA_BYTES;
    nettle_mpz_get_str_256(PODIUM_RSA_BYTES, key, open->n);
    nettle_mpz_get_str_256(HALF, part, secret->p);
    nettle_mpz_get_str_256(HALF, part + HALF, secret->q);
    nettle_mpz_get_str_256(HALF, part + 2 * HALF, secret->a);
    nettle_mpz_get_str_256(HALF, part + 3 * HALF, secret->b);
    nettle_mpz_get_str_256(HALF, part + 4 * HALF, secret->c);
}

int podium_rsa_make(const uint8_t *seed, size_t count, uint8_t key[PODIUM_RSA_KEY_BYTES]) {
    struct yarrow256_ctx random;
    yarrow256_init(&random, 0, NULL);
    yarrow256_seed(&random, count, seed);
    struct rsa_public_key open;
    struct rsa_private_key secret;
    rsa_public_key_init(&open);
    rsa_private_key_init(&secret);
    mpz_set_ui(open.e, PODIUM_RSA_EXPONENT);
    // With no bits for the exponent, the one that was set stays.
    int done = rsa_generate_keypair(
        &open, &secret, &random, (nettle_random_func *)yarrow256_random, NULL, NULL, PODIUM_RSA_BYTES * 8, 0);
    if (done) write_key(&open, &secret, key);
    rsa_public_key_clear(&open);
    rsa_private_key_clear(&secret);
    return done;
}

int podium_rsa_sign(
    const uint8_t key[PODIUM_RSA_KEY_BYTES], const uint8_t digest[PODIUM_SHA256_BYTES],
    uint8_t signature[PODIUM_RSA_BYTES]) {
    struct rsa_private_key secret;
    rsa_private_key_init(&secret);
    mpz_t number;
    mpz_init(number);
    int done = read_key(&secret, key) && rsa_sha256_sign_digest(&secret, digest, number);
    if (done) nettle_mpz_get_str_256(PODIUM_RSA_BYTES, signature, number);
    mpz_clear(number);
    rsa_private_key_clear(&secret);
    return done;
}

int podium_rsa_verify(
    const uint8_t modulus[PODIUM_RSA_BYTES], const uint8_t digest[PODIUM_SHA256_BYTES],
    const uint8_t signature[PODIUM_RSA_BYTES]) {
    struct rsa_public_key open;
    rsa_public_key_init(&open);
    mpz_set_ui(open.e, PODIUM_RSA_EXPONENT);
    nettle_mpz_set_str_256_u(open.n, PODIUM_RSA_BYTES, modulus);
    mpz_t number;
    nettle_mpz_init_set_str_256_u(number, PODIUM_RSA_BYTES, signature);
    int right = rsa_public_key_prepare(&open) && rsa_sha256_verify_digest(&open, digest, number);
    mpz_clear(number);
    rsa_public_key_clear(&open);
    return right;
}
