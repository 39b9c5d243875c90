/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Exactly so many digits of a base, 0-9 a-f. */
static bool number_of(const char **at, size_t digits, uint32_t base, uint32_t *out)
{
    static const char known[] = "0123456789abcdef";
    uint32_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        const char *digit = **at != '\0' ? strchr(known, **at) : NULL;
        if (!digit || (uint32_t)(digit - known) >= base)
            return false;
        value = value * base + (uint32_t)(digit - known);
        (*at)++;
    }
    *out = value;
    return true;
}

static bool take(const char **at, char c)
{
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

/* One "<chip>.<register>=<value>". */
static int entry_read(const char **at, struct lifu_register *out)
{
    uint32_t chip = 0, address = 0, value = 0;
    size_t digits = strcspn(*at, ".");
    if (digits < 1 || digits > 2 || !number_of(at, digits, 10, &chip) || !take(at, '.') ||
        !number_of(at, 3, 16, &address) || !take(at, '=') || !number_of(at, 8, 16, &value))
        return -EINVAL;
    if (chip >= LIFU_CHIPS_MAX || address > LIFU_REGISTER_MAX || (**at != ' ' && **at != '\0'))
        return -EINVAL;
    *out = (struct lifu_register){.chip = (uint8_t)chip, .address = (uint16_t)address, .value = value};
    return 0;
}

static bool is_there(const struct lifu_pattern *p, const struct lifu_register *entry)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->registers[i].chip == entry->chip && p->registers[i].address == entry->address)
            return true;
    return false;
}

static bool is_blank(const struct lifu_pattern *p)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->registers[i].value != 0)
            return false;
    return true;
}

int lifu_pattern_read(const char *text, struct lifu_pattern *out, const char **why)
{
    struct lifu_pattern p = {0};
    const char *at = text;
    do {
        struct lifu_register entry = {0};
        at += strspn(at, " ");
        *why =
            "is no list of <chip>.<register>=<value>, such as 0.018=02000003: chips 0 to 11, registers 000 to 19f and "
            "values of 8 digits 0-9 a-f, with blanks between";
        if (entry_read(&at, &entry) < 0)
            return -EINVAL;
        *why = "has more registers than 24";
        if (p.n == LIFU_PATTERN_MAX)
            return -EINVAL;
        *why = "names a register twice";
        if (is_there(&p, &entry))
            return -EINVAL;
        p.registers[p.n++] = entry;
        at += strspn(at, " ");
    } while (*at != '\0');
    *why = "has zeros alone, as a chip that was switched off";
    if (is_blank(&p))
        return -EINVAL;
    *out = p;
    return 0;
}
