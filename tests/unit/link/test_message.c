/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of messages: a sane one of each passes, and each breaks when one field does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "link/message.h"

static _Alignas(max_align_t) unsigned char datagram[LINK_DATAGRAM_MAX];

static const struct {
    enum link_message_type type;
    bool from_host;
    size_t size;
} known[] = {
    {LINK_CONFIG, false, sizeof(struct link_config)},      {LINK_LINE, false, sizeof(struct link_line)},
    {LINK_CONFIG_END, false, sizeof(struct link_plain)},   {LINK_ARM, false, sizeof(struct link_arm)},
    {LINK_TARGET, false, sizeof(struct link_target)},      {LINK_PERMIT, false, sizeof(struct link_permit)},
    {LINK_STOP, false, sizeof(struct link_stop)},          {LINK_TIGHTEN, false, sizeof(struct link_arm)},
    {LINK_MAKE_SAFE, false, sizeof(struct link_unit_ref)}, {LINK_SHUTDOWN, false, sizeof(struct link_plain)},
    {LINK_TRY, false, sizeof(struct link_unit_ref)},       {LINK_HELLO, true, sizeof(struct link_hello)},
    {LINK_UNIT, true, sizeof(struct link_unit)},           {LINK_CONFIG_FAULT, true, sizeof(struct link_text)},
    {LINK_PRESENCE, true, sizeof(struct link_presence)},   {LINK_SAMPLE, true, sizeof(struct link_sample)},
    {LINK_SESSION, true, sizeof(struct link_session)},     {LINK_LOG, true, sizeof(struct link_text)},
    {LINK_HEARD, true, sizeof(struct link_stop)},          {LINK_TRIED, true, sizeof(struct link_tried)},
};

static void sane(enum link_message_type type, size_t size)
{
    memset(datagram, 0, sizeof(datagram));
    link_message_head(datagram, type, size);
    if (type == LINK_ARM || type == LINK_TIGHTEN)
        ((struct link_arm *)datagram)->ref.session = 1;
}

static void each_message_passes_in_its_direction_and_no_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        sane(known[i].type, known[i].size);
        assert_int_equal(link_message_check(datagram, known[i].size, known[i].from_host), 0);
        assert_int_equal(link_message_check(datagram, known[i].size, !known[i].from_host), -EPROTO);
    }
}

static void another_size_or_version_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        struct link_header *header = (struct link_header *)datagram;
        sane(known[i].type, known[i].size);
        assert_int_equal(link_message_check(datagram, known[i].size - 1, known[i].from_host), -EPROTO);
        header->size++;
        assert_int_equal(link_message_check(datagram, known[i].size + 1, known[i].from_host), -EPROTO);
        header->size--;
        header->version++;
        assert_int_equal(link_message_check(datagram, known[i].size, known[i].from_host), -EPROTO);
    }
    assert_int_equal(link_message_check(datagram, 3, true), -EPROTO);
}

static void a_text_without_end_is_refused(void **state)
{
    (void)state;
    sane(LINK_CONFIG, sizeof(struct link_config));
    memset(((struct link_config *)datagram)->plugin_path, 'x', 256);
    assert_int_equal(link_message_check(datagram, sizeof(struct link_config), false), -EPROTO);
    sane(LINK_PRESENCE, sizeof(struct link_presence));
    memset(((struct link_presence *)datagram)->identity.serial, 'x', MODALITY_NAME_MAX);
    assert_int_equal(link_message_check(datagram, sizeof(struct link_presence), true), -EPROTO);
    sane(LINK_UNIT, sizeof(struct link_unit));
    ((struct link_unit *)datagram)->device.n_groups = 1;
    memset(((struct link_unit *)datagram)->device.groups[0].id, 'x', MODALITY_NAME_MAX);
    assert_int_equal(link_message_check(datagram, sizeof(struct link_unit), true), -EPROTO);
    sane(LINK_SAMPLE, sizeof(struct link_sample));
    ((struct link_sample *)datagram)->status.n_channels = 2;
    memset(((struct link_sample *)datagram)->status.channels[1].applicator, 'x', MODALITY_NAME_MAX);
    assert_int_equal(link_message_check(datagram, sizeof(struct link_sample), true), -EPROTO);
}

static void a_count_or_enum_beyond_its_array_is_refused(void **state)
{
    (void)state;
    struct link_arm *arm = (struct link_arm *)datagram;
    sane(LINK_ARM, sizeof(*arm));
    arm->envelope.n_channels = DOSE_CHANNELS_MAX + 1;
    assert_int_equal(link_message_check(datagram, sizeof(*arm), false), -EPROTO);
    arm->envelope.n_channels = 1;
    assert_int_equal(link_message_check(datagram, sizeof(*arm), false), 0);
    arm->envelope.channels[0].n_settings = ENVELOPE_SETTINGS_MAX + 1;
    assert_int_equal(link_message_check(datagram, sizeof(*arm), false), -EPROTO);
    arm->envelope.channels[0].n_settings = 0;
    arm->envelope.channels[0].channel = MODALITY_CHANNELS_MAX;
    assert_int_equal(link_message_check(datagram, sizeof(*arm), false), -EPROTO);
    sane(LINK_TARGET, sizeof(struct link_target));
    ((struct link_target *)datagram)->quantity = QUANTITY_COUNT;
    assert_int_equal(link_message_check(datagram, sizeof(struct link_target), false), -EPROTO);
    sane(LINK_SAMPLE, sizeof(struct link_sample));
    ((struct link_sample *)datagram)->status.channels[3].n_readings = MODALITY_READINGS_MAX + 1;
    assert_int_equal(link_message_check(datagram, sizeof(struct link_sample), true), 0); /* not in use */
    ((struct link_sample *)datagram)->status.n_channels = 4;
    assert_int_equal(link_message_check(datagram, sizeof(struct link_sample), true), -EPROTO);
    sane(LINK_PRESENCE, sizeof(struct link_presence));
    ((struct link_presence *)datagram)->state = UNIT_PLUGIN_FAILED + 1;
    assert_int_equal(link_message_check(datagram, sizeof(struct link_presence), true), -EPROTO);
}

static void a_session_of_number_zero_is_refused(void **state)
{
    (void)state;
    sane(LINK_ARM, sizeof(struct link_arm));
    ((struct link_arm *)datagram)->ref.session = 0;
    assert_int_equal(link_message_check(datagram, sizeof(struct link_arm), false), -EPROTO);
}

static void a_line_comes_back_as_it_went(void **state)
{
    (void)state;
    struct link_line line;
    struct modality_line back;
    const struct modality_line from = {"device stim1", "point", "", "devices.ini:12"};
    assert_int_equal(link_line_pack(&line, &from), 0);
    assert_int_equal(link_message_check(&line, sizeof(line), false), 0);
    assert_int_equal(link_line_split(&line, &back), 0);
    assert_string_equal(back.section, from.section);
    assert_string_equal(back.key, from.key);
    assert_string_equal(back.value, "");
    assert_string_equal(back.origin, from.origin);
}

static void a_line_that_does_not_fit_or_end_is_refused(void **state)
{
    (void)state;
    static char text[2048];
    struct link_line line;
    struct modality_line back;
    memset(text, 'x', sizeof(text) - 1);
    text[2048 - 6] = '\0'; /* with three short ones and four ends: one byte too many */
    assert_int_equal(link_line_pack(&line, &(struct modality_line){"a", "b", text, "c"}), -E2BIG);
    assert_int_equal(link_line_pack(&line, &(struct modality_line){"a", "b", text + 1, "c"}), 0);
    memset(line.text, 'x', sizeof(line.text));
    assert_int_equal(link_line_split(&line, &back), -EPROTO);
}

static void every_reason_and_state_has_a_name(void **state)
{
    (void)state;
    for (int r = LINK_REASON_NONE; r <= LINK_REASON_CONTACT_LOST; r++)
        assert_string_not_equal(link_reason_id((enum link_reason)r), "unknown");
    for (int s = UNIT_PROBING; s <= UNIT_PLUGIN_FAILED; s++)
        assert_string_not_equal(unit_state_id((enum unit_state)s), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_passes_in_its_direction_and_no_other),
        cmocka_unit_test(another_size_or_version_is_refused),
        cmocka_unit_test(a_text_without_end_is_refused),
        cmocka_unit_test(a_count_or_enum_beyond_its_array_is_refused),
        cmocka_unit_test(a_session_of_number_zero_is_refused),
        cmocka_unit_test(a_line_comes_back_as_it_went),
        cmocka_unit_test(a_line_that_does_not_fit_or_end_is_refused),
        cmocka_unit_test(every_reason_and_state_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
