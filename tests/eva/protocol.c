/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A protocol of any content, of a therapy and a waveform of the tables, with up to as many parameters as it has room
 * for: a treatment of any content and any history held against it, whether any limits lock it, and looking up by any
 * id.
 */
#include "any_dose.h"

#define FEW 2

int main(void)
{
    static struct protocol protocols[FEW];
    static struct limit limits[FEW];
    static struct site sites[FEW];
    static struct applicator applicators[FEW];
    static struct dose_treatment treatment;
    static struct refusals refusals;
    struct dose_history history;
    for (size_t i = 0; i < FEW; i++) {
        any_protocol(&protocols[i]);
        any_limit(&limits[i]);
        sites[i].id = any_name();
        applicators[i].id = any_name();
    }
    any_treatment(&treatment);
    any_history(&history);
    struct dose_tables tables = {.n_limits = any_below(FEW + 1),
                                 .n_protocols = any_below(FEW + 1),
                                 .n_applicators = any_below(FEW + 1),
                                 .limits = limits,
                                 .protocols = protocols,
                                 .applicators = applicators,
                                 .screening = {.n_sites = any_below(FEW + 1), .sites = sites}};
    protocol_find(&tables, any_name());
    site_find(&tables, any_name());
    applicator_find(&tables, any_name());
    protocol_lock(&tables, &protocols[0]);
    protocol_check(&protocols[0], &treatment, &refusals);
    refusals.n = any_below(REFUSALS_MAX + 1);
    protocol_check_history(&protocols[0], &history, &refusals);
    return 0;
}
