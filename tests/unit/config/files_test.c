/* SPDX-License-Identifier: Apache-2.0 */
/* Files and directories: who may change them, bytes that are no text, what is read in which order, and the hash. */
#include "config_test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SITE "[site hip]\nlabel = hip\n"

static void refused_with(struct fixture *f, const char *told)
{
    assert_int_equal(fixture_load(f, NULL), -EINVAL);
    assert_string_equal(f->told, told);
}

static void a_missing_directory_is_one_report(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_load(f, "/tmp/there-is-no-such-directory"), -ENOENT);
    assert_string_equal(f->told, "/tmp/there-is-no-such-directory: No such file or directory\n");
}

static void an_empty_directory_is_a_fault(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_load(f, NULL), -EINVAL);
    assert_int_equal(f->n, 1);
    assert_non_null(strstr(f->told, "holds no *.ini file"));
}

static void a_world_writable_file_is_a_fault(void **state)
{
    struct fixture *f = *state;
    char path[128];
    fixture_write(f, "a.ini", SITE);
    fixture_write(f, "sub/b.ini", "[site knee]\nlabel = knee\n");
    snprintf(path, sizeof(path), "%s/sub/b.ini", f->dir);
    assert_int_equal(chmod(path, 0646), 0);
    refused_with(f, "sub/b.ini: the file is writable by everyone\n");
}

static void world_writable_directories_are_faults(void **state)
{
    struct fixture *f = *state;
    char path[128];
    fixture_write(f, "a.ini", SITE);
    fixture_write(f, "sub/b.ini", "[site knee]\nlabel = knee\n");
    snprintf(path, sizeof(path), "%s/sub", f->dir);
    assert_int_equal(chmod(path, 0757), 0);
    assert_int_equal(chmod(f->dir, 0757), 0);
    refused_with(f, ".: the directory is writable by everyone\nsub/: the directory is writable by everyone\n");
}

static void what_is_no_file_is_a_fault(void **state)
{
    struct fixture *f = *state;
    char path[128];
    fixture_write(f, "a.ini", SITE);
    snprintf(path, sizeof(path), "%s/pipe.ini", f->dir);
    assert_int_equal(mkfifo(path, 0644), 0);
    snprintf(path, sizeof(path), "%s/gone.ini", f->dir);
    assert_int_equal(symlink("nowhere", path), 0);
    refused_with(f, "gone.ini: cannot be opened: No such file or directory\npipe.ini: is not a regular file\n");
}

static void a_name_that_messages_could_not_carry_is_a_fault(void **state)
{
    struct fixture *f = *state;
    fixture_write(f, "a.ini", SITE);
    fixture_write(f, "b\n\xff.ini", SITE);
    refused_with(f, ".: a file or folder has a name with other bytes than letters, digits, dot, - and _\n");
}

static void a_huge_file_is_a_fault(void **state)
{
    struct fixture *f = *state;
    static char text[300000];
    memset(text, '#', sizeof(text) - 1);
    fixture_write(f, "a.ini", text);
    refused_with(f, "a.ini: has more than 262144 bytes\n");
}

static void bytes_that_are_no_text_are_faults(void **state)
{
    static const char text[] =
        "\xef\xbb\xbf[site a]\r\nlabel = a\r\n[site b]\nlabel = b\0b\n"
        "[site c]\nlabel = c\x07\n[site d]\nlabel = d\xff\n[site e]\nlabel = \xc0\xaf\n"
        "# \x80\n[site f]\nlabel = \xed\xa0\x80\n[site g]\nlabel = Gr\xc3\xb6\xc3\x9f"
        "e\n[site h]\nlabel = \xf4\x90\x80\x80\n[site i]\nlabel = a\rb\n[site j]\nlabel = \xe2\x82";
    struct fixture *f = *state;
    fixture_write_bytes(f, "a.ini", text, sizeof(text) - 1);
    refused_with(f, "a.ini:1: lines end with CR LF; save the file with Unix line ends\n"
                    "a.ini:1: the file starts with a byte order mark; save it without\n"
                    "a.ini:4: the line holds a NUL byte\n"
                    "a.ini:6: the line holds a control character\n"
                    "a.ini:8: the line holds a byte that is not UTF-8\n"
                    "a.ini:10: the line holds a byte that is not UTF-8\n"
                    "a.ini:11: the line holds a byte that is not UTF-8\n"
                    "a.ini:13: the line holds a byte that is not UTF-8\n"
                    "a.ini:17: the line holds a byte that is not UTF-8\n"
                    "a.ini:19: the line holds a control character\n"
                    "a.ini:21: the line holds a byte that is not UTF-8\n");
}

/* inih splits a line of 200 bytes; the longest that we take must arrive whole, one more is refused. */
static void the_longest_line_arrives_whole(void **state)
{
    struct fixture *f = *state;
    char text[256] = "[site hip]\nlabel = ";
    size_t head = strlen("[site hip]\n");
    size_t from = strlen(text);
    memset(text + from, 'x', 198 - (from - head));
    fixture_write(f, "a.ini", text);
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_int_equal(strlen(f->config->dose.screening.sites[0].label), 198 - (from - head));
    strcat(text, "x");
    fixture_write(f, "a.ini", text);
    refused_with(f, "a.ini:2: the line has 199 bytes; at most 198\n");
}

static void a_section_name_of_49_bytes_arrives_whole(void **state)
{
    struct fixture *f = *state;
    fixture_write(f, "a.ini", "[site a23456789b123456789c123456789d123456789e1234]\nlabel = x\n");
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_string_equal(f->config->dose.screening.sites[0].id, "a23456789b123456789c123456789d123456789e1234");
    fixture_write(f, "a.ini", "[site a23456789b123456789c123456789d123456789e12345]\nlabel = x\n");
    refused_with(f, "a.ini:1: section name has 50 bytes; at most 49\n");
}

static void files_are_read_in_byte_order_and_others_are_left(void **state)
{
    struct fixture *f = *state;
    fixture_write(f, "b.ini", "[site b]\nlabel = b\n");
    fixture_write(f, "a.ini", "[site a]\nlabel = a\n");
    fixture_write(f, "Z.ini", "[site z]\nlabel = z\n");
    fixture_write(f, "a/c.ini", "[site c]\nlabel = c\n");
    fixture_write(f, "a.ini~", "junk");
    fixture_write(f, ".hidden.ini", "junk");
    fixture_write(f, "README", "junk");
    assert_int_equal(fixture_load(f, NULL), 0);
    const struct screening *s = &f->config->dose.screening;
    assert_int_equal(s->n_sites, 4);
    assert_string_equal(s->sites[0].origin, "Z.ini:1");
    assert_string_equal(s->sites[1].origin, "a.ini:1");
    assert_string_equal(s->sites[2].origin, "a/c.ini:1");
    assert_string_equal(s->sites[3].origin, "b.ini:1");
}

static void the_hash_follows_names_and_contents(void **state)
{
    struct fixture *f = *state;
    char first[65];
    fixture_write(f, "a.ini", SITE);
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_int_equal(strlen(f->config->hash), 64);
    memcpy(first, f->config->hash, sizeof(first));
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_string_equal(f->config->hash, first);
    fixture_write(f, "a.ini", SITE "# a comment\n");
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_string_not_equal(f->config->hash, first);
    fixture_write(f, "a.ini", "");
    fixture_write(f, "b.ini", SITE);
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_string_not_equal(f->config->hash, first);
}

static void a_thousand_faults_are_told_up_to_a_bound(void **state)
{
    struct fixture *f = *state;
    static char text[16 * 1000 + 1];
    for (size_t i = 0; i < 1000; i++)
        strcat(text + 5 * i, "junk\n");
    fixture_write(f, "a.ini", text);
    assert_int_equal(fixture_load(f, NULL), -EINVAL);
    assert_int_equal(f->n, 401);
    assert_non_null(strstr(f->told, "a.ini:400: and 600 more faults that are not listed\n"));
}

static void effective_lines_and_defaults_are_listed(void **state)
{
    struct fixture *f = *state;
    bool permit = false, lease = false;
    fixture_write(f, "a.ini", "[daemon]\npermit = 500 ms\n");
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_int_equal(f->config->daemon.permit_ms, 500);
    assert_int_equal(f->config->daemon.telemetry_ms, 50);
    assert_int_equal(f->config->daemon.socket_mode, 0660);
    assert_string_equal(f->config->daemon.audit_head_path, "/var/lib/modalityd/audit-head");
    for (size_t i = 0; i < f->config->n_lines; i++) {
        const struct config_line *l = &f->config->lines[i];
        assert_string_equal(l->section, "daemon");
        if (strcmp(l->key, "permit") == 0)
            permit = strcmp(l->value, "500 ms") == 0 && strcmp(l->origin, "a.ini:2") == 0;
        if (strcmp(l->key, "lease") == 0)
            lease = strcmp(l->value, "3 s") == 0 && strcmp(l->origin, "default") == 0;
    }
    assert_true(permit && lease);
}

/* A plugin is code of the daemon, and the ledger is what tomorrow's limits count with. */
static void trusted_directories_that_others_may_write_are_faults(void **state)
{
    struct fixture *f = *state;
    char text[256], plugins[80], records[80];
    snprintf(plugins, sizeof(plugins), "%s/plugins", f->dir);
    snprintf(records, sizeof(records), "%s/state", f->dir);
    snprintf(text, sizeof(text), "[daemon]\nplugin_dir = %s\nstate_dir = %s\n", plugins, records);
    fixture_write(f, "a.ini", text);
    assert_int_equal(fixture_load(f, NULL), 0); /* not there yet */
    assert_int_equal(mkdir(plugins, 0755), 0);
    assert_int_equal(mkdir(records, 0750), 0);
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_int_equal(chmod(plugins, 0775), 0);
    assert_int_equal(fixture_load(f, NULL), -EINVAL);
    assert_non_null(strstr(f->told, "a.ini:2: plugin_dir = "));
    assert_non_null(strstr(f->told, "writable by its group\n"));
    assert_int_equal(chmod(plugins, 0755), 0);
    assert_int_equal(chmod(records, 01777), 0);
    assert_int_equal(fixture_load(f, NULL), -EINVAL);
    assert_non_null(strstr(f->told, "a.ini:3: state_dir = "));
    assert_non_null(strstr(f->told, "writable by everyone\n"));
    assert_int_equal(chmod(records, 0755), 0);
    if (geteuid() != 0)
        return;
    assert_int_equal(chown(plugins, 12345, (gid_t)-1), 0);
    assert_int_equal(fixture_load(f, NULL), -EINVAL);
    assert_non_null(strstr(f->told, "belongs to user 12345"));
}

int main(void)
{
#define RUN(name) cmocka_unit_test_setup_teardown(name, fixture_empty, fixture_end)
    const struct CMUnitTest tests[] = {
        RUN(a_missing_directory_is_one_report),
        RUN(an_empty_directory_is_a_fault),
        RUN(a_world_writable_file_is_a_fault),
        RUN(world_writable_directories_are_faults),
        RUN(trusted_directories_that_others_may_write_are_faults),
        RUN(what_is_no_file_is_a_fault),
        RUN(a_name_that_messages_could_not_carry_is_a_fault),
        RUN(a_huge_file_is_a_fault),
        RUN(bytes_that_are_no_text_are_faults),
        RUN(the_longest_line_arrives_whole),
        RUN(a_section_name_of_49_bytes_arrives_whole),
        RUN(files_are_read_in_byte_order_and_others_are_left),
        RUN(the_hash_follows_names_and_contents),
        RUN(a_thousand_faults_are_told_up_to_a_bound),
        RUN(effective_lines_and_defaults_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
