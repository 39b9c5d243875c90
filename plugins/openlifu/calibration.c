/* SPDX-License-Identifier: Apache-2.0 */
#include "calibration.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "limit_table.h"

#define ENTRY_MAX 64

/* One "<intensity> at <voltage>". */
static int entry_read(const struct modality_services *s, const char *text, size_t n, int64_t *uw_cm2, int64_t *mv)
{
    static const char between[] = " at ";
    char entry[ENTRY_MAX];
    if (n >= sizeof entry)
        return -EINVAL;
    memcpy(entry, text, n);
    entry[n] = '\0';
    char *at = strstr(entry, between);
    if (!at)
        return -EINVAL;
    *at = '\0';
    if (s->value_parse(s->ctx, QUANTITY_intensity_satp_uw_cm2, entry, uw_cm2) < 0)
        return -EINVAL;
    return s->value_parse(s->ctx, QUANTITY_output_voltage_mv, at + sizeof between - 1, mv) < 0 ? -EINVAL : 0;
}

/*
 * Whether one transducer can have given entries i and j, counted from 1: what both make of a volt squared is then the
 * same, here to a quarter of the lesser one. At most 5 x 32 x 10^10: no overflow.
 */
static bool same_law(size_t i, int64_t mv_i, size_t j, int64_t mv_j)
{
    int64_t one = (int64_t)i * mv_j * mv_j, other = (int64_t)j * mv_i * mv_i;
    return 4 * one <= 5 * other && 4 * other <= 5 * one;
}

/* The first entry that the next one does not go with at this voltage; c->n = it goes with all. */
static size_t law_departed(const struct lifu_calibration *c, int64_t mv)
{
    size_t i = 0;
    while (i < c->n && same_law(i + 1, c->millivolts[i], c->n + 1, mv))
        i++;
    return i;
}

const char *lifu_thousandths(int64_t value, char buffer[LIFU_NUMBER_MAX])
{
    size_t n =
        (size_t)snprintf(buffer, LIFU_NUMBER_MAX, "%lld.%03lld", (long long)(value / 1000), (long long)(value % 1000));
    while (buffer[n - 1] == '0')
        buffer[--n] = '\0';
    if (buffer[n - 1] == '.')
        buffer[n - 1] = '\0';
    return buffer;
}

#define IN_THOUSANDS(value) lifu_thousandths(value, (char[LIFU_NUMBER_MAX]){0})

/* Names both entries, and what would go with all that stand before. */
static int law_fault(const struct lifu_calibration *c, int64_t uw_cm2, int64_t mv, char why[LIFU_WHY_MAX])
{
    int64_t least = 0, most = 0;
    size_t i = law_departed(c, mv);
    if (i == c->n)
        return 0;
    for (int64_t v = LIFU_VOLTAGE_LEAST_MV; v <= LIFU_VOLTAGE_MAX_MV; v += LIFU_VOLTAGE_STEP_MV) {
        if (law_departed(c, v) < c->n)
            continue;
        least = least > 0 ? least : v;
        most = v;
    }
    int64_t beside = c->step_uw_cm2 * (int64_t)(i + 1);
    int used = snprintf(why, LIFU_WHY_MAX,
                        "needs intensities that go with the square of the voltage: %s mW/cm2 at %s V departs by more "
                        "than 25 %% from %s mW/cm2 at %s V; ",
                        IN_THOUSANDS(uw_cm2), IN_THOUSANDS(mv), IN_THOUSANDS(beside), IN_THOUSANDS(c->millivolts[i]));
    if (most > 0)
        snprintf(why + used, LIFU_WHY_MAX - (size_t)used, "%s V to %s V would fit", IN_THOUSANDS(least),
                 IN_THOUSANDS(most));
    else
        snprintf(why + used, LIFU_WHY_MAX - (size_t)used, "no voltage of the device would fit");
    return -EINVAL;
}

/* Whether it may stand behind what is in the list; NULL, or what it needs. */
static const char *entry_fault(const struct lifu_calibration *c, int64_t uw_cm2, int64_t mv)
{
    if (mv < LIFU_VOLTAGE_LEAST_MV || mv > LIFU_VOLTAGE_MAX_MV || mv % LIFU_VOLTAGE_STEP_MV != 0)
        return "needs voltages of 5 V to 100 V in steps of 0.125 V, which the device can be told exactly";
    if (uw_cm2 <= 0 || uw_cm2 > INT64_C(100000000))
        return "needs intensities above 0 and up to 100 W/cm2";
    if (c->n == LIFU_LEVELS_MAX)
        return "has more entries than 32";
    if (c->n > 0 && uw_cm2 != c->step_uw_cm2 * (int64_t)(c->n + 1))
        return "needs intensities in equal steps: the first one, twice that, three times, ...";
    return c->n > 0 && mv <= c->millivolts[c->n - 1] ? "needs voltages that rise with the intensity" : NULL;
}

int lifu_calibration_read(const struct modality_services *services, const char *text, struct lifu_calibration *out,
                          char why[LIFU_WHY_MAX])
{
    struct lifu_calibration c = {0};
    for (const char *at = text;;) {
        int64_t uw_cm2 = 0, mv = 0;
        at += strspn(at, " \t");
        size_t n = strcspn(at, ",");
        size_t used = n;
        while (used > 0 && (at[used - 1] == ' ' || at[used - 1] == '\t'))
            used--;
        const char *needs = "is no list of <intensity> at <voltage>, with commas between";
        if (entry_read(services, at, used, &uw_cm2, &mv) == 0)
            needs = entry_fault(&c, uw_cm2, mv);
        if (needs)
            snprintf(why, LIFU_WHY_MAX, "%s", needs);
        if (needs || law_fault(&c, uw_cm2, mv, why) < 0)
            return -EINVAL;
        if (c.n == 0)
            c.step_uw_cm2 = uw_cm2;
        c.millivolts[c.n++] = mv;
        if (at[n] == '\0')
            break;
        at += n + 1;
    }
    *out = c;
    return 0;
}

int lifu_calibration_mv(const struct lifu_calibration *c, int64_t uw_cm2, int64_t *out)
{
    if (uw_cm2 < 0 || uw_cm2 % c->step_uw_cm2 != 0 || uw_cm2 / c->step_uw_cm2 > (int64_t)c->n)
        return -EINVAL;
    *out = uw_cm2 == 0 ? 0 : c->millivolts[uw_cm2 / c->step_uw_cm2 - 1];
    return 0;
}
