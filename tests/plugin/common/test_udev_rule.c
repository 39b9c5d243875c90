/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The udev rules: a row whose ids are the device's own becomes a rule, one whose ids are shared becomes a pattern that
 * is no rule until somebody fills in a serial number or a port; and the whole file as it is installed is read word by
 * word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/udev_rule.h"

/* One line of a rule: KEY OPERATOR "VALUE", with commas between; as udev(7) has it. */
struct rule {
    size_t n;
    char key[12][32], op[12][3], value[12][32];
};

static void rule_read(const char *at, struct rule *r)
{
    memset(r, 0, sizeof *r);
    for (;;) {
        assert_true(r->n < 12);
        size_t k = strcspn(at, "=!+"), o = strspn(at + k, "=!+");
        assert_in_range(k, 1, 31);
        assert_in_range(o, 1, 2);
        memcpy(r->key[r->n], at, k);
        memcpy(r->op[r->n], at + k, o);
        at += k + o;
        assert_int_equal(*at, '"');
        size_t v = strcspn(at + 1, "\"");
        assert_in_range(v, 1, 31);
        memcpy(r->value[r->n], at + 1, v);
        at += v + 2;
        r->n++;
        if (*at == '\0')
            return;
        assert_int_equal(strncmp(at, ", ", 2), 0);
        at += 2;
    }
}

static const char *value_of(const struct rule *r, const char *key, const char *op)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->key[i], key) == 0 && strcmp(r->op[i], op) == 0)
            return r->value[i];
    return NULL;
}

/* which: the key that says which one of the ids, NULL = none has to. */
static void assert_rule(const char *line, const char *vendor, const char *product, const char *which)
{
    static const char *const ways[] = {"ATTR{serial}", "KERNEL"};
    struct rule r;
    rule_read(line, &r);
    assert_string_equal(value_of(&r, "ACTION", "!="), "remove");
    assert_string_equal(value_of(&r, "SUBSYSTEM", "=="), "usb");
    assert_string_equal(value_of(&r, "ENV{DEVTYPE}", "=="), "usb_device");
    assert_string_equal(value_of(&r, "ATTR{idVendor}", "=="), vendor);
    assert_string_equal(value_of(&r, "ATTR{idProduct}", "=="), product);
    assert_string_equal(value_of(&r, "GROUP", "="), "modalityd-host");
    assert_string_equal(value_of(&r, "MODE", "="), "0660");
    assert_string_equal(value_of(&r, "ENV{ID_MM_DEVICE_IGNORE}", "="), "1");
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        assert_int_equal(value_of(&r, ways[i], "==") != NULL, which && strcmp(which, ways[i]) == 0);
    assert_int_equal(r.n, which ? 9 : 8);
}

static char *printed(const struct usb_match *row)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    udev_rule_print(out, "p", row);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void ids_of_its_own_are_a_rule(void **state)
{
    (void)state;
    char *rest = NULL, *text = printed(&(struct usb_match){0x1a2b, 0x0001, "A thing", NULL});
    assert_string_equal(strtok_r(text, "\n", &rest), "# A thing (plugin p)");
    assert_rule(strtok_r(NULL, "\n", &rest), "1a2b", "0001", NULL);
    assert_null(strtok_r(NULL, "\n", &rest));
    free(text);
}

static void shared_ids_are_no_rule_without_a_serial_number_or_a_port(void **state)
{
    (void)state;
    char *rest = NULL, *text = printed(&(struct usb_match){0x0403, 0x6001, "A thing", "FTDI's"});
    const char *last = NULL, *before = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        assert_int_equal(line[0], '#');
        before = last;
        last = line;
    }
    assert_non_null(before);
    assert_rule(before + 1, "0403", "6001", "ATTR{serial}");
    assert_rule(last + 1, "0403", "6001", "KERNEL");
    free(text);
}

/* Every device of today shows shared ids: the file has patterns for each, and no rule at all. */
static void the_installed_file_hands_over_no_stranger(void **state)
{
    static const char *const ids[][2] = {{"0483", "57a0"}, {"0483", "57af"}, {"0403", "6001"}, {"0483", "5740"}};
    char line[512];
    size_t n = 0;
    FILE *file = fopen(RULES_PATH, "re");
    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        assert_true(line[0] == '#' || line[0] == '\0');
        if (strncmp(line, "#ACTION", 7) == 0) {
            assert_true(n < 2 * sizeof ids / sizeof *ids);
            assert_rule(line + 1, ids[n / 2][0], ids[n / 2][1], n % 2 ? "KERNEL" : "ATTR{serial}");
            n++;
        }
    }
    assert_int_equal(n, 2 * sizeof ids / sizeof *ids);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_of_its_own_are_a_rule),
        cmocka_unit_test(shared_ids_are_no_rule_without_a_serial_number_or_a_port),
        cmocka_unit_test(the_installed_file_hands_over_no_stranger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
