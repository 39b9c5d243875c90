/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Envelopes of any bytes, as a process gone wrong could send them: checked, asked and tightened. Reasons go into
 * buffers of any size, none included.
 */
#include "any_dose.h"

#include "dose/envelope.h"

#define REASON_MAX 200

int main(void)
{
    static struct envelope envelope, tighter;
    char reason[REASON_MAX];
    const size_t size = any_below(REASON_MAX + 1);
    ANY_BYTES(envelope);
    ANY_BYTES(tighter);
    if (envelope_check(&envelope, reason, size) < 0 && size > 0)
        reason[0] = '?';
    envelope_gate(&envelope, (uint32_t)any_number(), (enum modality_quantity)any_number(), any_number(), reason, size);
    (void)envelope_needs_range((enum modality_quantity)any_below(QUANTITY_COUNT));
    envelope_tighten(&envelope, &tighter);
    return 0;
}
