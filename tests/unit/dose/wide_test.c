/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two-limb arithmetic against the compiler's own 128-bit integers, over all pairs of edge values and a fixed random
 * sequence. Only this test uses __int128; the code may not.
 */
#include "dose_test.h"

#include <errno.h>
#include <stdbool.h>

#include "dose/wide.h"

#define ROUNDS 60000

__extension__ typedef unsigned __int128 u128;
__extension__ typedef __int128 s128;

static const uint64_t edges[] = {0,
                                 1,
                                 2,
                                 3,
                                 10,
                                 0x7fffffff,
                                 0x80000000,
                                 0xffffffff,
                                 0x100000000,
                                 0x100000001,
                                 UINT64_C(0x7fffffffffffffff),
                                 UINT64_C(0x8000000000000000),
                                 UINT64_C(0x8000000000000001),
                                 UINT64_C(0xffffffff00000000),
                                 UINT64_C(0xfffffffffffffffe),
                                 UINT64_MAX};
#define EDGES (sizeof edges / sizeof edges[0])

static u128 joined(struct wide w)
{
    return ((u128)w.hi << 64) | w.lo;
}

static bool same(struct wide w, u128 reference)
{
    return joined(w) == reference;
}

static void check_signed(int64_t a, int64_t b)
{
    int64_t out = 0;
    s128 sum = (s128)a + b, difference = (s128)a - b, product = (s128)a * b;
    bool fits = sum >= INT64_MIN && sum <= INT64_MAX;
    assert_int_equal(wide_add(a, b, &out), fits ? 0 : -ERANGE);
    assert_true(!fits || out == sum);
    fits = difference >= INT64_MIN && difference <= INT64_MAX;
    assert_int_equal(wide_sub(a, b, &out), fits ? 0 : -ERANGE);
    assert_true(!fits || out == difference);
    fits = product >= INT64_MIN && product <= INT64_MAX;
    assert_int_equal(wide_mul(a, b, &out), fits ? 0 : -ERANGE);
    assert_true(!fits || out == product);
}

static void check_ratio(int64_t a, int64_t b, int64_t c)
{
    int64_t out = 4711;
    if (a < 0 || b < 0 || c <= 0) {
        assert_int_equal(wide_mul_div_up(a, b, c, &out), -ERANGE);
        assert_int_equal(wide_mul_div_down(a, b, c, &out), -ERANGE);
        assert_int_equal(out, 4711);
        return;
    }
    u128 product = (u128)(uint64_t)a * (uint64_t)b;
    u128 down = product / (uint64_t)c, up = (product + (uint64_t)c - 1) / (uint64_t)c;
    assert_int_equal(wide_mul_div_up(a, b, c, &out), up <= INT64_MAX ? 0 : -ERANGE);
    assert_true(up > INT64_MAX ? out == 4711 : out == (int64_t)up);
    out = 4711;
    assert_int_equal(wide_mul_div_down(a, b, c, &out), down <= INT64_MAX ? 0 : -ERANGE);
    assert_true(down > INT64_MAX ? out == 4711 : out == (int64_t)down);
}

static void check_wide(struct wide w, uint64_t m)
{
    u128 value = joined(w);
    struct wide out = {1, 1};
    bool fits = m == 0 || value <= ~(u128)0 / m;
    assert_int_equal(wide_times(w, m, &out), fits ? 0 : -ERANGE);
    assert_true(same(out, fits ? value * m : joined((struct wide){1, 1})));
    if (m != 0) {
        assert_true(same(wide_over_up(w, m), value / m + (value % m != 0 ? 1 : 0)));
    }
}

static void check_root(struct wide w)
{
    u128 value = joined(w);
    uint64_t root = wide_sqrt_up(w);
    if (root != UINT64_MAX) {
        assert_true((u128)root * root >= value);
    }
    assert_true(root == 0 || (u128)(root - 1) * (root - 1) < value);
}

static void edge_values_agree_with_the_compiler(void **state)
{
    (void)state;
    for (size_t i = 0; i < EDGES; i++) {
        for (size_t k = 0; k < EDGES; k++) {
            check_signed((int64_t)edges[i], (int64_t)edges[k]);
            assert_true(same(wide_product(edges[i], edges[k]), (u128)edges[i] * edges[k]));
            struct wide w = {edges[i], edges[k]};
            check_root(w);
            for (size_t l = 0; l < EDGES; l++) {
                check_ratio((int64_t)edges[i], (int64_t)edges[k], (int64_t)edges[l]);
                check_wide(w, edges[l]);
            }
        }
    }
}

static void random_values_agree_with_the_compiler(void **state)
{
    (void)state;
    uint64_t seed = 42;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t a = random_length(&seed), b = random_length(&seed), c = random_length(&seed);
        check_signed((int64_t)a, (int64_t)b);
        check_ratio((int64_t)a, (int64_t)b, (int64_t)c);
        assert_true(same(wide_product(a, b), (u128)a * b));
        check_wide((struct wide){a, b}, c);
        check_root((struct wide){a, b});
        check_root(wide_product(b, b));
    }
}

static void order_is_that_of_the_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < EDGES; i++) {
        for (size_t k = 0; k < EDGES; k++) {
            struct wide a = {edges[i], edges[k]}, b = {edges[k], edges[i]};
            int expected = joined(a) < joined(b) ? -1 : joined(a) > joined(b);
            assert_int_equal(wide_compare(a, b), expected);
        }
    }
}

static void ratios_round_up_once(void **state)
{
    (void)state;
    int64_t out = 4711;
    uint64_t half[] = {1, 5};
    assert_int_equal(wide_ratio_up(half, 2, 2, &out), 0);
    assert_int_equal(out, 3);
    assert_int_equal(wide_root_up((uint64_t[]){9, 1}, 2, 1, &out), 0);
    assert_int_equal(out, 3);
    assert_int_equal(wide_root_up((uint64_t[]){10}, 1, 1, &out), 0);
    assert_int_equal(out, 4);
    out = 4711;
    assert_int_equal(wide_ratio_up((uint64_t[]){UINT64_MAX, UINT64_MAX, 2}, 3, 1, &out), -ERANGE);
    assert_int_equal(wide_ratio_up((uint64_t[]){UINT64_MAX}, 1, 1, &out), -ERANGE);
    assert_int_equal(wide_root_up((uint64_t[]){UINT64_MAX, UINT64_MAX}, 2, 1, &out), -ERANGE);
    assert_int_equal(out, 4711);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edge_values_agree_with_the_compiler),
        cmocka_unit_test(random_values_agree_with_the_compiler),
        cmocka_unit_test(order_is_that_of_the_numbers),
        cmocka_unit_test(ratios_round_up_once),
    };
    return DOSE_TESTS(tests);
}
