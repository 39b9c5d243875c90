/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration that ships: it loads clean and its examples in comments load as they stand. Its limits, protocols
 * and screening have tests of their own beside this one.
 */
#include "shipped.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void it_loads_clean(void **state)
{
    const struct config *c = shipped(state);
    assert_int_equal(c->n_devices, 0);
    assert_true(c->dose.n_protocols >= 9);
    assert_true(c->dose.screening.n_sites > 10);
    assert_non_null(config_role_of(c, 0, NULL, 0));
    assert_null(config_role_of(c, 4711, NULL, 0));
}

/* A clinic's examples in comments must work when the # is taken away. */
static void the_commented_examples_load(void **state)
{
    static const char *const files[] = {"applicators.ini", "daemon.ini", "devices.ini", "installation.ini"};
    struct fixture *f = *state;
    shipped_copy(f);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char path[256], *to;
        snprintf(path, sizeof(path), "%s/%s", SHIPPED_DIR, files[i]);
        char *text = file_text(path, NULL);
        to = text;
        for (const char *from = text; *from != '\0'; from++)
            if (!(*from == '#' && (from == text || from[-1] == '\n') && from[1] != ' ' && from[1] != '\n'))
                *to++ = *from;
        *to = '\0';
        char *group = strstr(text, "socket_group = modalityd");
        if (group != NULL)
            memcpy(group + strlen("socket_group = "), "root     ", 9);
        fixture_write(f, files[i], text);
        free(text);
    }
    fixture_copy(f, SHIPPED_DIR "/maps/refstim.ini", "refstim.ini");
    fixture_copy(f, SHIPPED_DIR "/maps/refus.ini", "refus.ini");
    fixture_copy(f, SHIPPED_DIR "/maps/reflaser.ini", "reflaser.ini");
    fixture_copy(f, SHIPPED_DIR "/maps/refcold.ini", "refcold.ini");
    fixture_copy(f, SHIPPED_DIR "/maps/refgalv.ini", "refgalv.ini");
    int rc = fixture_load(f, NULL);
    assert_string_equal(f->told, "");
    assert_int_equal(rc, 0);
    assert_int_equal(f->config->n_devices, 9);
    assert_int_equal(f->config->n_links, 6);
    assert_int_equal(f->config->dose.n_applicators, 4);
    assert_int_equal(f->config->devices[0].indicator, INDICATOR_YES);
    assert_int_equal(f->config->daemon.n_alarm_command, 3);
    assert_int_equal(shipped_limit(f->config, "clinic_hand_current")->max, 40000);
    for (size_t i = 0; i < f->config->dose.n_protocols; i++) /* every acceptance that is needed stands there */
        assert_null(protocol_lock(&f->config->dose, &f->config->dose.protocols[i]));
}

int main(void)
{
#define RUN(name) cmocka_unit_test_setup_teardown(name, fixture_empty, fixture_end)
    const struct CMUnitTest tests[] = {
        RUN(it_loads_clean),
        RUN(the_commented_examples_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
