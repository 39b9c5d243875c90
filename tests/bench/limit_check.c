/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time of one full limit check of one channel against the shipped limits: derivation of both ends, totals, every limit.
 * Its floor is the same number of compares of an int64_t with a bound, over the same table.
 *
 *   limit-check CONFIG_DIR     prints one JSON line
 */
#include <stdio.h>
#include <stdlib.h>

#include "config/config.h"
#include "modality/clock.h"

#define ROUNDS 200000

static void report(void *userdata, const char *origin, const char *message)
{
    (void)userdata;
    fprintf(stderr, "%s: %s\n", origin, message);
}

static struct dose_treatment tens(void)
{
    struct dose_treatment t = {
        .modality = MODALITY_ESTIM, .therapy = THERAPY_tens, .applicator = -1, .duration_ms = 1800000, .n_channels = 1};
    struct dose_channel *c = &t.channels[0];
    c->waveform = WAVEFORM_biphasic_symmetric;
    quantity_put(&c->start, QUANTITY_amplitude_ua, 10000);
    quantity_put(&c->start, QUANTITY_phase_width_us, 80);
    quantity_put(&c->start, QUANTITY_pulse_rate_millihz, 100000);
    quantity_put(&c->start, QUANTITY_electrode_area_mm2, 2500);
    c->ceiling = c->start;
    quantity_put(&c->ceiling, QUANTITY_amplitude_ua, 30000);
    return t;
}

int main(int argc, char **argv)
{
    struct config *config;
    if (argc != 2 || config_load(argv[1], 1, INT64_MAX, report, NULL, &config) < 0)
        return 1;
    static struct dose_picture picture;
    static struct limit_verdict verdict;
    static struct refusals refused;
    const struct dose_history history = {0};
    struct dose_treatment t = tens();
    int64_t allowed = 0, sum = 0;

    int64_t begun = clock_monotonic_ns();
    for (int i = 0; i < ROUNDS; i++) {
        refused.n = 0;
        t.channels[0].ceiling.value[QUANTITY_amplitude_ua] = 20000 + i % 10000;
        if (dose_picture_make(&t, &picture, &refused) == 0)
            allowed += limit_check(config->dose.limits, config->dose.n_limits, &picture, &history, &verdict) == 0;
    }
    const int64_t check_ns = (clock_monotonic_ns() - begun) / ROUNDS;

    begun = clock_monotonic_ns();
    for (int i = 0; i < ROUNDS; i++) {
        for (size_t k = 0; k < config->dose.n_limits; k++)
            sum += __atomic_load_n(&config->dose.limits[k].max, __ATOMIC_RELAXED) > i;
    }
    const int64_t floor_ns = (clock_monotonic_ns() - begun) / ROUNDS;

    printf("{\"limits\": %zu, \"check_ns\": %lld, \"floor_ns\": %lld, \"allowed\": %lld, \"sum\": %lld}\n",
           config->dose.n_limits, (long long)check_ns, (long long)floor_ns, (long long)allowed, (long long)sum);
    config_free(config);
    return allowed == ROUNDS ? 0 : 1;
}
