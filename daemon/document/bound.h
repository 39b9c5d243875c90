/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of doc_limits: one bound as it is shown, whether a limit gives it or a range of the protocol or device.
 */
#ifndef DOCUMENT_BOUND_H
#define DOCUMENT_BOUND_H

#include "document/document.h"

struct bound {
    const char *id;
    enum modality_quantity quantity;
    enum limit_scope scope;
    enum limit_class class;
    enum limit_layer layer;
    enum limit_use use;
    const char *state;
    bool has_min, has_max, is_min, has_value, exceeded, fixed, locks;
    int64_t min, max, value;
    int channel;
    const char *origin, *source;
    bool has_verified, accepted;
    enum limit_verified verified;
};

json_t *bound_document(const struct bound *b);

/* Ranges of the protocol and of the device, and the protocol's own schedule, as bounds. */
void bound_protocol(json_t *array, const struct prescribed *d, const struct dose_history *before);
void bound_device(json_t *array, const struct dose_treatment *t, const struct doc_device *device);

#endif
