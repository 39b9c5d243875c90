/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon says of the fence is what a host is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "link/fence.h"

static void a_fence_arrives_as_it_was_announced(void **state)
{
    (void)state;
    const struct fence said = {.has_user = true,
                               .uid = 901,
                               .gid = UINT32_MAX,
                               .n_groups = FENCE_GROUPS_MAX,
                               .groups = {20, 46, UINT32_MAX},
                               .lock_memory = true,
                               .realtime = 11};
    struct fence given;
    memset(&given, 0xff, sizeof given);
    assert_int_equal(fence_announce(&said), 0);
    assert_true(fence_given(&given));
    assert_true(given.has_user);
    assert_int_equal(given.uid, 901);
    assert_int_equal(given.gid, UINT32_MAX);
    assert_int_equal(given.n_groups, FENCE_GROUPS_MAX);
    assert_memory_equal(given.groups, said.groups, sizeof said.groups);
    assert_true(given.lock_memory);
    assert_int_equal(given.realtime, 11);
}

static void a_fence_of_nothing_special_is_one(void **state)
{
    (void)state;
    struct fence given;
    assert_int_equal(fence_announce(&(struct fence){0}), 0);
    assert_true(fence_given(&given));
    assert_false(given.has_user || given.lock_memory || given.realtime > 0);
}

static void none_is_none(void **state)
{
    (void)state;
    struct fence given;
    assert_int_equal(fence_announce(NULL), 0);
    assert_false(fence_given(&given));
}

/* Half a user is nobody: the host stays who it is, and inside. */
static void what_cannot_be_read_is_left_out(void **state)
{
    (void)state;
    static const char *const texts[] = {"on user=900",  "on user=900:", "on user=4294967296:1", "on user=1:2:x",
                                        "on user=-1:2", "on realtime=", "on realtime=x"};
    struct fence given;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(setenv(FENCE_VARIABLE, texts[i], 1), 0);
        assert_true(fence_given(&given));
        assert_false(given.has_user);
        assert_int_equal(given.realtime, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fence_arrives_as_it_was_announced),
        cmocka_unit_test(a_fence_of_nothing_special_is_one),
        cmocka_unit_test(none_is_none),
        cmocka_unit_test(what_cannot_be_read_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
