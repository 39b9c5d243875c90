/* SPDX-License-Identifier: Apache-2.0 */
#include "front/rule.h"

#include <errno.h>
#include <string.h>

int rule_add(struct rule_set *set, enum fault_id fault, const struct fault_args *args, const struct rule_match *match)
{
    if (set->count == RULES_MAX)
        return -ENOSPC;
    set->rules[set->count++] = (struct rule){.fault = fault,
                                             .args = *args,
                                             .match = *match,
                                             .skip = fault_arg_or(args, ARG_skip, 0),
                                             .count = fault_arg_or(args, ARG_count, -1)};
    return 0;
}

static void rule_remove(struct rule_set *set, unsigned index)
{
    set->count--;
    memmove(&set->rules[index], &set->rules[index + 1], (set->count - index) * sizeof set->rules[0]);
}

void rule_clear(struct rule_set *set, enum fault_id fault)
{
    for (unsigned i = set->count; i-- > 0;)
        if (set->rules[i].fault == fault)
            rule_remove(set, i);
}

static bool covers(const struct modbus_request *request, uint16_t address)
{
    return address >= request->address && address < (uint32_t)request->address + request->count;
}

static bool matches(const struct rule *rule, const struct modbus_request *request)
{
    const struct rule_match *match = &rule->match;
    bool write = modbus_function_writes(request->function);
    if (match->has_function && match->function != request->function)
        return false;
    if (match->has_address && !covers(request, match->address))
        return false;
    if (match->has_write && match->write != write)
        return false;
    if (match->has_value) {
        unsigned index = match->has_address ? (unsigned)(match->address - request->address) : 0;
        if (!write || request->count == 0 || modbus_request_value(request, index) != match->value)
            return false;
    }
    /* These two are about writes alone: reads pass and are not counted. */
    return write || (rule->fault != FAULT_late_write && rule->fault != FAULT_echo_only);
}

static void plan_add(struct plan *plan, const struct rule *rule)
{
    const struct fault_args *args = &rule->args;
    bool before = fault_arg_or(args, ARG_cut, CUT_AFTER) == CUT_BEFORE;
    switch ((int)rule->fault) {
    case FAULT_silent:
        plan->act = ACT_NEVER;
        plan->reply = false;
        break;
    case FAULT_drop:
    case FAULT_close:
        plan->act = before ? ACT_NEVER : plan->act;
        plan->reply = false;
        plan->close |= rule->fault == FAULT_close;
        break;
    case FAULT_delay:
        plan->act = before && plan->act == ACT_NOW ? ACT_DELAYED : plan->act;
        plan->delay_ms = args->value[ARG_ms];
        break;
    case FAULT_drip:
        plan->drip_ms = args->value[ARG_ms];
        break;
    case FAULT_corrupt:
        plan->corrupt = true;
        plan->how = (enum corrupt_how)args->value[ARG_how];
        break;
    case FAULT_exception:
        plan->act = ACT_NEVER;
        plan->exception = (uint8_t)args->value[ARG_code];
        break;
    case FAULT_late_write:
        plan->act = ACT_AFTER_CLOSE;
        plan->reply = false;
        plan->after_close_ms = args->value[ARG_ms];
        break;
    case FAULT_echo_only:
        plan->act = ACT_NEVER;
        plan->echo_only = true;
        break;
    case FAULT_duplicate:
        plan->duplicate = true;
        break;
    case FAULT_replay:
        plan->replay = true;
        plan->retag = fault_arg_or(args, ARG_retag, 0) != 0;
        break;
    default:
        break;
    }
}

struct plan rule_plan(struct rule_set *set, const struct modbus_request *request)
{
    struct plan plan = {.act = ACT_NOW, .reply = true};
    for (unsigned i = 0; i < set->count;) {
        struct rule *rule = &set->rules[i];
        if (!matches(rule, request)) {
            i++;
            continue;
        }
        if (rule->skip > 0) {
            rule->skip--;
            i++;
            continue;
        }
        plan_add(&plan, rule);
        if (rule->count > 0 && --rule->count == 0)
            rule_remove(set, i);
        else
            i++;
    }
    return plan;
}

static void crc_renew(uint8_t *frame, size_t length)
{
    uint16_t crc = modbus_crc(frame, length - 2);
    frame[length - 2] = (uint8_t)(crc & 0xff);
    frame[length - 1] = (uint8_t)(crc >> 8);
}

size_t rule_corrupt(enum corrupt_how how, bool tcp, uint8_t *frame, size_t length)
{
    size_t unit_at = tcp ? 6 : 0;
    size_t pdu = unit_at + 1;
    size_t end = tcp ? length : length - 2; /* of the PDU */
    switch (how) {
    case CORRUPT_BIT_FLIP: /* in the last byte of data: only a checksum or a read-back can see it */
        frame[end - 1] ^= 0x01;
        return length;    /* RTU: the CRC no longer fits, as on a real line */
    case CORRUPT_BAD_CRC: /* TCP has none: its length field lies instead */
        frame[tcp ? 5 : length - 1] ^= 0x55;
        return length;
    case CORRUPT_TRANSACTION: /* RTU has none: the unit is wrong instead */
        frame[tcp ? 1 : 0] ^= 0x40;
        break;
    case CORRUPT_UNIT:
        frame[unit_at] ^= 0x07;
        break;
    case CORRUPT_FUNCTION:
        frame[pdu] ^= 0x02;
        break;
    case CORRUPT_ADDRESS: /* of a write's echo; the byte count of a read */
        frame[pdu + (end - pdu >= 5 && modbus_function_echoes(frame[pdu]) ? 2 : 1)] ^= 0x01;
        break;
    case CORRUPT_VALUE: /* of a write's echo; the last word of a read */
        frame[end - 1] ^= 0x01;
        break;
    case CORRUPT_GARBAGE:
        for (size_t i = 0; i < length; i++)
            frame[i] = (uint8_t)(0xa5 ^ (i * 29));
        return length;
    case CORRUPT_TRUNCATE:
        return length / 2;
    case CORRUPT_NOISE:
        memmove(frame + RULE_NOISE_BYTES, frame, length);
        memset(frame, 0x5a, RULE_NOISE_BYTES);
        return length + RULE_NOISE_BYTES;
    }
    if (!tcp)
        crc_renew(frame, length);
    return length;
}
