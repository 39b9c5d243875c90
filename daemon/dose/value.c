/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decimals with units, exactly: the table of unit texts per dimension, the parser and the formatter. A text is a whole
 * number of base units or it is an error. No float, no locale, no allocation.
 */
#include "dose/value.h"

#include "dose/wide.h"

#include <errno.h>
#include <stdio.h>

#define DIGITS_MAX 18 /* of the fraction; 10^18 is the largest power of ten below 2^63 */

/* One unit text: base units in one unit are num/den, in lowest terms. */
struct unit {
    enum modality_dimension dimension;
    const char *text;
    uint64_t num, den;
};

/* UNIT(dimension, text, num, den); within a dimension from the smallest unit to the largest. Texts are case-sensitive.
 */
#define UNITS(UNIT)                                                                                                    \
    UNIT(CURRENT, "nA", 1, 1000)                                                                                       \
    UNIT(CURRENT, "uA", 1, 1)                                                                                          \
    UNIT(CURRENT, "mA", 1000, 1)                                                                                       \
    UNIT(CURRENT, "A", 1000000, 1)                                                                                     \
    UNIT(VOLTAGE, "mV", 1, 1)                                                                                          \
    UNIT(VOLTAGE, "V", 1000, 1)                                                                                        \
    UNIT(VOLTAGE, "kV", 1000000, 1)                                                                                    \
    UNIT(TIME_NS, "ns", 1, 1)                                                                                          \
    UNIT(TIME_NS, "us", 1000, 1)                                                                                       \
    UNIT(TIME_NS, "ms", 1000000, 1)                                                                                    \
    UNIT(TIME_NS, "s", 1000000000, 1)                                                                                  \
    UNIT(TIME_US, "ns", 1, 1000)                                                                                       \
    UNIT(TIME_US, "us", 1, 1)                                                                                          \
    UNIT(TIME_US, "ms", 1000, 1)                                                                                       \
    UNIT(TIME_US, "s", 1000000, 1)                                                                                     \
    UNIT(TIME_MS, "us", 1, 1000)                                                                                       \
    UNIT(TIME_MS, "ms", 1, 1)                                                                                          \
    UNIT(TIME_MS, "s", 1000, 1)                                                                                        \
    UNIT(TIME_MS, "min", 60000, 1)                                                                                     \
    UNIT(TIME_MS, "h", 3600000, 1)                                                                                     \
    UNIT(RATE, "mHz", 1, 1)                                                                                            \
    UNIT(RATE, "Hz", 1000, 1)                                                                                          \
    UNIT(RATE, "kHz", 1000000, 1)                                                                                      \
    UNIT(RATE, "MHz", 1000000000, 1)                                                                                   \
    UNIT(FREQUENCY_KHZ, "Hz", 1, 1000)                                                                                 \
    UNIT(FREQUENCY_KHZ, "kHz", 1, 1)                                                                                   \
    UNIT(FREQUENCY_KHZ, "MHz", 1000, 1)                                                                                \
    UNIT(CHARGE_NC, "nC", 1, 1)                                                                                        \
    UNIT(CHARGE_NC, "uC", 1000, 1)                                                                                     \
    UNIT(CHARGE_NC, "mC", 1000000, 1)                                                                                  \
    UNIT(CHARGE_NC, "C", 1000000000, 1)                                                                                \
    UNIT(CHARGE_UC, "nC", 1, 1000)                                                                                     \
    UNIT(CHARGE_UC, "uC", 1, 1)                                                                                        \
    UNIT(CHARGE_UC, "mC", 1000, 1)                                                                                     \
    UNIT(CHARGE_UC, "C", 1000000, 1)                                                                                   \
    UNIT(CHARGE_DENSITY, "nC/cm2", 1, 1)                                                                               \
    UNIT(CHARGE_DENSITY, "uC/cm2", 1000, 1)                                                                            \
    UNIT(CHARGE_DENSITY, "mC/cm2", 1000000, 1)                                                                         \
    UNIT(CURRENT_DENSITY, "uA/cm2", 1, 1)                                                                              \
    UNIT(CURRENT_DENSITY, "mA/cm2", 1000, 1)                                                                           \
    UNIT(CURRENT_DENSITY, "A/cm2", 1000000, 1)                                                                         \
    UNIT(POWER, "uW", 1, 1)                                                                                            \
    UNIT(POWER, "mW", 1000, 1)                                                                                         \
    UNIT(POWER, "W", 1000000, 1)                                                                                       \
    UNIT(INTENSITY, "uW/cm2", 1, 1)                                                                                    \
    UNIT(INTENSITY, "mW/cm2", 1000, 1)                                                                                 \
    UNIT(INTENSITY, "W/cm2", 1000000, 1)                                                                               \
    UNIT(ENERGY, "uJ", 1, 1)                                                                                           \
    UNIT(ENERGY, "mJ", 1000, 1)                                                                                        \
    UNIT(ENERGY, "J", 1000000, 1)                                                                                      \
    UNIT(ENERGY, "kJ", 1000000000, 1)                                                                                  \
    UNIT(ENERGY_DENSITY, "uJ/cm2", 1, 1)                                                                               \
    UNIT(ENERGY_DENSITY, "mJ/cm2", 1000, 1)                                                                            \
    UNIT(ENERGY_DENSITY, "J/cm2", 1000000, 1)                                                                          \
    UNIT(AREA, "mm2", 1, 1)                                                                                            \
    UNIT(AREA, "cm2", 100, 1)                                                                                          \
    UNIT(AREA, "m2", 1000000, 1)                                                                                       \
    UNIT(LENGTH_NM, "nm", 1, 1)                                                                                        \
    UNIT(LENGTH_NM, "um", 1000, 1)                                                                                     \
    UNIT(LENGTH_MM, "mm", 1, 1)                                                                                        \
    UNIT(LENGTH_MM, "cm", 10, 1)                                                                                       \
    UNIT(LENGTH_MM, "m", 1000, 1)                                                                                      \
    UNIT(TEMPERATURE, "mdegC", 1, 1)                                                                                   \
    UNIT(TEMPERATURE, "degC", 1000, 1)                                                                                 \
    UNIT(TEMPERATURE_RISE, "mK", 1, 1)                                                                                 \
    UNIT(TEMPERATURE_RISE, "K", 1000, 1)                                                                               \
    UNIT(IMPEDANCE, "ohm", 1, 1)                                                                                       \
    UNIT(IMPEDANCE, "kohm", 1000, 1)                                                                                   \
    UNIT(RATIO, "permille", 1, 1)                                                                                      \
    UNIT(RATIO, "%", 10, 1)                                                                                            \
    UNIT(RATIO, "1", 1000, 1)                                                                                          \
    UNIT(NUMBER, "1", 1, 1)                                                                                            \
    UNIT(SLEW, "uA/s", 1, 1)                                                                                           \
    UNIT(SLEW, "mA/s", 1000, 1)                                                                                        \
    UNIT(VOLTAGE_SLEW, "mV/s", 1, 1)                                                                                   \
    UNIT(VOLTAGE_SLEW, "V/s", 1000, 1)                                                                                 \
    UNIT(ION_DOSE, "uA.min", 1, 1)                                                                                     \
    UNIT(ION_DOSE, "mA.min", 1000, 1)                                                                                  \
    UNIT(COLD_DOSE, "mdegC.min", 1, 1)                                                                                 \
    UNIT(COLD_DOSE, "degC.min", 1000, 1)                                                                               \
    UNIT(THERMAL_DOSE, "ms", 1, 1)                                                                                     \
    UNIT(THERMAL_DOSE, "s", 1000, 1)                                                                                   \
    UNIT(THERMAL_DOSE, "min", 60000, 1)                                                                                \
    UNIT(DECIBEL_K, "milli", 1, 1)                                                                                     \
    UNIT(DECIBEL_K, "1", 1000, 1)

static const struct unit units[] = {
#define UNIT(dimension, text, num, den) {DIMENSION_##dimension, text, num, den},
    UNITS(UNIT)
#undef UNIT
};
#define UNITS_N (sizeof units / sizeof units[0])

static const struct unit *unit_find(enum modality_dimension dimension, const char *text)
{
    for (size_t i = 0; i < UNITS_N; i++) {
        if (units[i].dimension == dimension && strcmp(units[i].text, text) == 0) {
            return &units[i];
        }
    }
    return NULL;
}

/* Pure numbers are written without their unit "1"; everything else needs its unit. */
static bool unit_is_implied(const struct modality_quantity_info *info)
{
    return strcmp(info->display_unit, "1") == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A decimal as read: mantissa / 10^fraction, trailing zeros of the fraction dropped. */
struct decimal {
    bool negative;
    uint64_t mantissa;
    unsigned fraction;
};

static int mantissa_append(uint64_t *mantissa, unsigned digit)
{
    if (*mantissa > (UINT64_MAX - digit) / 10) {
        return -ERANGE;
    }
    *mantissa = *mantissa * 10 + digit;
    return 0;
}

/* Reads the digits after the point. Zeros wait until a digit follows, so that 0.500000 needs no room for its tail. */
static const char *fraction_read(const char *p, struct decimal *d, int *error)
{
    unsigned zeros = 0;
    for (; is_digit(*p); p++) {
        if (*p == '0') {
            zeros++;
            continue;
        }
        for (; zeros > 0 && *error == 0; zeros--) {
            *error = d->fraction < DIGITS_MAX ? mantissa_append(&d->mantissa, 0) : -ERANGE;
            d->fraction++;
        }
        if (*error == 0) {
            *error = d->fraction < DIGITS_MAX ? mantissa_append(&d->mantissa, (unsigned)(*p - '0')) : -ERANGE;
            d->fraction++;
        }
    }
    return p;
}

/* [+-]digits[.digits]; returns what follows, NULL if there is no such number. *error becomes -ERANGE if too long. */
static const char *decimal_read(const char *p, struct decimal *d, int *error)
{
    *d = (struct decimal){.negative = *p == '-'};
    if (*p == '-' || *p == '+') {
        p++;
    }
    if (!is_digit(*p)) {
        return NULL;
    }
    for (; is_digit(*p); p++) {
        if (*error == 0) {
            *error = mantissa_append(&d->mantissa, (unsigned)(*p - '0'));
        }
    }
    if (*p != '.') {
        return p;
    }
    p++;
    return is_digit(*p) ? fraction_read(p, d, error) : NULL;
}

static uint64_t power_of_ten(unsigned n)
{
    uint64_t p = 1;
    while (n-- > 0) {
        p *= 10;
    }
    return p;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* decimal x unit as base units: -ERANGE unless it is a whole number that int64_t holds. */
static int decimal_scale(const struct decimal *d, const struct unit *unit, int64_t *out)
{
    uint64_t power = power_of_ten(d->fraction);
    uint64_t common = common_divisor(power, unit->num);
    uint64_t mantissa = d->mantissa, divisor = power / common;
    if (divisor == 0 || mantissa % divisor != 0 || (mantissa / divisor) % unit->den != 0) {
        return -ERANGE;
    }
    struct wide w = wide_product(mantissa / divisor / unit->den, unit->num / common);
    if (w.hi != 0 || w.lo > (uint64_t)INT64_MAX + (d->negative ? 1u : 0u)) {
        return -ERANGE;
    }
    if (!d->negative) {
        *out = (int64_t)w.lo;
    } else {
        *out = w.lo == 0 ? 0 : -(int64_t)(w.lo - 1) - 1;
    }
    return 0;
}

int value_parse(enum modality_quantity q, const char *text, int64_t *out)
{
    const struct modality_quantity_info *info = modality_quantity_info(q);
    struct decimal d;
    int error = 0;
    const char *p = decimal_read(text, &d, &error);
    if (p == NULL) {
        return -EINVAL;
    }
    while (*p == ' ' || *p == '\t') {
        p++;
    }
    if (*p == '\0' && unit_is_implied(info)) {
        p = "1";
    }
    const struct unit *unit = unit_find(info->dimension, p);
    if (unit == NULL) {
        return -EINVAL;
    }
    return error < 0 ? error : decimal_scale(&d, unit, out);
}

/* Digits after the point that magnitude needs when written in units of num base units; -1: no finite number of them. */
static int fraction_digits(uint64_t magnitude, uint64_t num)
{
    uint64_t rest = magnitude % num;
    int digits = 0;
    for (; rest != 0 && digits < DIGITS_MAX; digits++) {
        rest = rest * 10 % num; /* num is below 10^10, so ten times the rest fits */
    }
    return rest == 0 ? digits : -1;
}

/*
 * The unit in which a value is shown: the display unit, or the next smaller one that needs no endless fraction
 * (20 s are a third of a minute: they are shown as "20 s").
 */
static const struct unit *unit_for_display(const struct modality_quantity_info *info, uint64_t magnitude)
{
    const struct unit *unit = unit_find(info->dimension, info->display_unit);
    while (fraction_digits(magnitude, unit->num) < 0) {
        unit--; /* ends at the latest at the base unit, whose factor is 1 */
    }
    return unit;
}

#define BESIDE_PARTS 1000 /* of a unit: three digits */

/* In this unit, whose factor lets the fraction end. */
static const char *write_in(enum modality_quantity q, const struct unit *unit, bool negative, uint64_t magnitude,
                            char *buffer, size_t size)
{
    const struct modality_quantity_info *info = modality_quantity_info(q);
    char fraction[DIGITS_MAX + 2] = "";
    int digits = fraction_digits(magnitude, unit->num);
    uint64_t rest = magnitude % unit->num;
    for (int i = 0; i < digits; i++) {
        fraction[0] = '.';
        fraction[i + 1] = (char)('0' + rest * 10 / unit->num);
        rest = rest * 10 % unit->num;
    }
    const char *blank = unit_is_implied(info) ? "" : " ";
    const char *text = unit_is_implied(info) ? "" : unit->text;
    int n = snprintf(buffer, size, "%s%llu%s%s%s", negative ? "-" : "", (unsigned long long)(magnitude / unit->num),
                     fraction, blank, text);
    if (n < 0 && size > 0) {
        buffer[0] = '\0';
    }
    return buffer;
}

static uint64_t magnitude_of(int64_t value)
{
    return value < 0 ? UINT64_C(0) - (uint64_t)value : (uint64_t)value;
}

/* What is beyond these digits is away from the other value: 9.9996 beside 10 is 9.999, and beside 9 it is 10. */
static uint64_t rounded(uint64_t magnitude, uint64_t num, bool up)
{
    uint64_t whole = magnitude / num, rest = magnitude % num, step = num / BESIDE_PARTS;
    uint64_t left = step > 0 ? rest % step : 0;
    rest = left == 0 ? rest : up ? rest - left + step : rest - left;
    return whole > UINT64_MAX / num - 1 ? magnitude : whole * num + rest;
}

const char *value_format_beside(enum modality_quantity q, int64_t value, int64_t other, char *buffer, size_t size)
{
    const struct unit *unit = unit_for_display(modality_quantity_info(q), magnitude_of(other));
    if (value == other) {
        return write_in(q, unit, value < 0, magnitude_of(value), buffer, size);
    }
    bool up = (value > other) != (value < 0);
    return write_in(q, unit, value < 0, rounded(magnitude_of(value), unit->num, up), buffer, size);
}

const char *value_format(enum modality_quantity q, int64_t value, char *buffer, size_t size)
{
    const struct unit *unit = unit_for_display(modality_quantity_info(q), magnitude_of(value));
    return write_in(q, unit, value < 0, magnitude_of(value), buffer, size);
}

/* Writes as much of text behind what is used as there is room for, an end not included; returns what is used then. */
static size_t append(char *buffer, size_t size, size_t used, const char *text)
{
    for (; *text != '\0' && used + 1 < size; text++) {
        buffer[used++] = *text;
    }
    return used;
}

const char *value_units(enum modality_quantity q, char *buffer, size_t size)
{
    enum modality_dimension dimension = modality_quantity_info(q)->dimension;
    size_t used = 0;
    for (size_t i = 0; i < UNITS_N; i++) {
        if (units[i].dimension == dimension) {
            used = append(buffer, size, used, used > 0 ? ", " : "");
            used = append(buffer, size, used, units[i].text);
        }
    }
    if (size > 0) {
        buffer[used] = '\0';
    }
    return buffer;
}

void value_display_factor(enum modality_quantity q, int64_t *num, int64_t *den)
{
    const struct modality_quantity_info *info = modality_quantity_info(q);
    const struct unit *unit = unit_find(info->dimension, info->display_unit);
    *num = (int64_t)unit->num;
    *den = (int64_t)unit->den;
}
