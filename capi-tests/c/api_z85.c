/*
 * zmq_z85_encode and zmq_z85_decode (RFC 32), and the CURVE helpers that speak Z85.
 */
#include "harness.h"

/* The alphabet of RFC 32, in order of value. */
static const char alphabet[] =
  "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

CASE (vector_of_the_rfc)
{
    const uint8_t data[8] = {0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b};
    char text[11];
    uint8_t back[8];
    memset (text, '#', sizeof text);
    CHECK (zmq_z85_encode (text, data, sizeof data) == text);
    CHECK_STR (text, "HelloWorld");
    CHECK (zmq_z85_decode (back, text) == back);
    CHECK_MEM (back, data, sizeof data);
}

CASE (ends_of_the_range)
{
    const uint8_t low[4] = {0, 0, 0, 0}, high[4] = {0xff, 0xff, 0xff, 0xff};
    uint8_t back[4];
    char text[6];
    CHECK (zmq_z85_encode (text, low, 4) == text);
    CHECK_STR (text, "00000");
    CHECK (zmq_z85_encode (text, high, 4) == text);
    CHECK_STR (text, "%nSc0");
    CHECK (zmq_z85_decode (back, "%nSc0") == back);
    CHECK_MEM (back, high, 4);
    CHECK (zmq_z85_decode (back, "00000") == back);
    CHECK_MEM (back, low, 4);
}

CASE (every_digit)
{
    CHECK_INT (strlen (alphabet), 85);
    for (uint32_t value = 0; value < 85; ++value) {
        const uint8_t data[4] = {0, 0, 0, (uint8_t) value};
        uint8_t back[4];
        char text[6];
        CHECK (zmq_z85_encode (text, data, 4) == text);
        CHECK_MEM (text, "0000", 4);
        CHECK_INT (text[4], alphabet[value]);
        CHECK (zmq_z85_decode (back, text) == back);
        CHECK_MEM (back, data, 4);
    }
}

CASE (round_trips)
{
    uint8_t data[256], back[256];
    char text[321];
    unsigned random = 1;
    for (size_t size = 4; size <= sizeof data; size += 4) {
        for (size_t i = 0; i < size; ++i) {
            random = random * 1103515245 + 12345;
            data[i] = (uint8_t) (random >> 16);
        }
        memset (text, '#', sizeof text);
        CHECK (zmq_z85_encode (text, data, size) == text);
        CHECK_INT (strlen (text), size / 4 * 5);
        memset (back, 0, sizeof back);
        CHECK (zmq_z85_decode (back, text) == back);
        CHECK_MEM (back, data, size);
        for (size_t i = 0; i < size / 4 * 5; ++i)
            CHECK (strchr (alphabet, text[i]) != NULL);
    }
}

CASE (nothing)
{
    char text[2] = "x";
    uint8_t data[2] = {7, 7};
    CHECK (zmq_z85_encode (text, data, 0) == text);
    CHECK_STR (text, "");
    errno = 0;
    const uint8_t *result = zmq_z85_decode (data, "");
    printf ("  decoding nothing: %s %s\n", result ? "ok" : "NULL", err_name (errno));
    CHECK_INT (data[0], 7);
}

CASE (sizes_that_do_not_encode)
{
    char text[32];
    const uint8_t data[16] = {0};
    for (size_t size = 1; size < 16; ++size)
        if (size % 4)
            CHECK_NULL_ERRNO (zmq_z85_encode (text, data, size), EINVAL);
}

CASE (sizes_that_do_not_decode)
{
    uint8_t data[32];
    char text[20];
    for (size_t size = 1; size < sizeof text; ++size) {
        memset (text, '0', size);
        text[size] = '\0';
        if (size % 5)
            CHECK_NULL_ERRNO (zmq_z85_decode (data, text), EINVAL);
        else
            CHECK (zmq_z85_decode (data, text) == data);
    }
}

CASE (characters_that_do_not_decode)
{
    uint8_t data[4];
    for (int c = 1; c < 256; ++c) {
        if (strchr (alphabet, c))
            continue;
        for (int at = 0; at < 5; ++at) {
            char text[6] = "00000";
            text[at] = (char) c;
            CHECK_NULL_ERRNO (zmq_z85_decode (data, text), EINVAL);
        }
    }
}

CASE (values_beyond_32_bits)
{
    static const char *const texts[] = {"%nSc1", "%nSd0", "%nT00", "%o000", "$0000", "#0000", "#####"};
    uint8_t data[4];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i)
        CHECK_NULL_ERRNO (zmq_z85_decode (data, texts[i]), EINVAL);
    CHECK_NULL_ERRNO (zmq_z85_decode ((uint8_t[8]){0}, "00000%nSc1"), EINVAL);
}

CASE (keypair)
{
    char public_key[41], secret_key[41], derived[41], other_public[41], other_secret[41];
    uint8_t raw[32];
    if (!zmq_has ("curve")) {
        CHECK_ERRNO (zmq_curve_keypair (public_key, secret_key), ENOTSUP);
        CHECK_ERRNO (zmq_curve_public (derived, "00000000000000000000"), ENOTSUP);
        return;
    }
    CHECK_OK (zmq_curve_keypair (public_key, secret_key));
    CHECK_INT (strlen (public_key), 40);
    CHECK_INT (strlen (secret_key), 40);
    CHECK (zmq_z85_decode (raw, public_key) == raw);
    CHECK (zmq_z85_decode (raw, secret_key) == raw);
    CHECK_OK (zmq_curve_public (derived, secret_key));
    CHECK_STR (derived, public_key);
    CHECK_OK (zmq_curve_keypair (other_public, other_secret));
    CHECK (strcmp (public_key, other_public) != 0);
    CHECK (strcmp (secret_key, other_secret) != 0);
}

CASE (public_key_of_a_known_secret)
{
    /* Alice's keys of RFC 7748, section 6.1. */
    static const uint8_t secret[32] = {0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1,
                                       0x72, 0x51, 0xb2, 0x66, 0x45, 0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0,
                                       0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a};
    static const uint8_t expected[32] = {0x85, 0x20, 0xf0, 0x09, 0x89, 0x30, 0xa7, 0x54, 0x74, 0x8b, 0x7d,
                                         0xdc, 0xb4, 0x3e, 0xf7, 0x5a, 0x0d, 0xbf, 0x3a, 0x0d, 0x26, 0x38,
                                         0x1a, 0xf4, 0xeb, 0xa4, 0xa9, 0x8e, 0xaa, 0x9b, 0x4e, 0x6a};
    char text[41], derived[41];
    uint8_t raw[32];
    CHECK (zmq_z85_encode (text, secret, sizeof secret) == text);
    if (!zmq_has ("curve"))
        return;
    CHECK_OK (zmq_curve_public (derived, text));
    CHECK (zmq_z85_decode (raw, derived) == raw);
    CHECK_MEM (raw, expected, sizeof expected);
}

CASE (public_key_of_bad_text)
{
    char derived[41];
    if (!zmq_has ("curve"))
        return;
    CHECK_ERRNO (zmq_curve_public (derived, "0123"), EINVAL);
    CHECK_ERRNO (zmq_curve_public (derived, "0123456789012345678901234567890123456 89"), EINVAL);
}

CASE (null_arguments)
{
    char text[16];
    uint8_t data[4] = {0};
    CHECK_NULL_ERRNO (zmq_z85_encode (NULL, data, 4), EINVAL);
    CHECK_NULL_ERRNO (zmq_z85_encode (text, NULL, 4), EINVAL);
    CHECK_NULL_ERRNO (zmq_z85_decode (NULL, "00000"), EINVAL);
    CHECK_NULL_ERRNO (zmq_z85_decode (data, NULL), EINVAL);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (vector_of_the_rfc);
    RUN (ends_of_the_range);
    RUN (every_digit);
    RUN (round_trips);
    RUN (nothing);
    RUN (sizes_that_do_not_encode);
    RUN (sizes_that_do_not_decode);
    RUN (characters_that_do_not_decode);
    RUN (values_beyond_32_bits);
    RUN (keypair);
    RUN (public_key_of_a_known_secret);
    RUN (public_key_of_bad_text);
    RUN_OURS (null_arguments, "the reference dereferences the pointer");
    return harness_end ();
}
