/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map from its file and the words of one poll, without a wire.
 */
#include "judge_bench.h"

#include <stdio.h>

struct judge_bench judge_bench_begin(const char *file, const char *map)
{
    char device[SUPPORT_TEXT_MAX];
    struct judge_bench b = {.s = support_new()};
    snprintf(device, sizeof device,
             "[device d]\nplugin = modbus-map\nlink = tcp:127.0.0.1:1502\nmap = %s\nsimulated = yes\n", map);
    support_add_text(b.s, "devices.ini", device);
    support_add_file(b.s, file);
    judge_bench_again(&b);
    return b;
}

void judge_bench_again(struct judge_bench *b)
{
    map_free(b->config);
    int r = map_read(&b->s->services, &b->s->config, &b->config);
    for (size_t i = 0; i < b->s->n_faults; i++)
        print_error("%s\n", b->s->faults[i]);
    assert_int_equal(r, 0);
    b->map = &b->config->maps[0];
}

void judge_bench_end(struct judge_bench *b)
{
    map_free(b->config);
    support_free(b->s);
}

void judge_bench_put(struct judge_bench *b, enum modbus_table table, uint16_t address, uint16_t word)
{
    for (size_t i = 0; i < b->map->poll_plan.n_requests; i++) {
        const struct map_request *q = &b->map->poll_plan.requests[i];
        if (q->table == table && address >= q->address && address < q->address + q->count) {
            b->words[q->first_word + address - q->address] = word;
            return;
        }
    }
    fail_msg("register %u is not polled", address);
}

struct modality_channel_status *judge_bench_at(struct judge_bench *b, int64_t ms)
{
    assert_int_equal(judge_status(b->map, b->words, ms * NS_PER_MS, &b->memory, &b->status), 0);
    return &b->status.channels[0];
}
