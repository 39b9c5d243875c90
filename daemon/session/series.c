/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The course of a treatment for its record: level, measurement, impedance and contact, one point per kept sample. When
 * the room is full every second point is dropped and only every second sample kept from then on, so that the whole
 * treatment stays visible at an even step.
 */
#include "session/internal.h"

int series_new(struct session_series *series, size_t n_channels)
{
    /* eight channels in one record stay below its size cap */
    *series =
        (struct session_series){.stride = 1, .size = n_channels > 4 ? SESSION_POINTS_MAX / 2 : SESSION_POINTS_MAX};
    for (size_t i = 0; i < n_channels && i < DOSE_CHANNELS_MAX; i++) {
        series->points[i] = calloc(series->size, sizeof *series->points[i]);
        if (!series->points[i])
            return -ENOMEM;
    }
    return 0;
}

void series_free(struct session_series *series)
{
    for (size_t i = 0; i < DOSE_CHANNELS_MAX; i++)
        free(series->points[i]);
    *series = (struct session_series){0};
}

static void thin(struct session_series *series)
{
    for (size_t c = 0; c < DOSE_CHANNELS_MAX && series->points[c]; c++) {
        for (size_t i = 0; i < series->n / 2; i++)
            series->points[c][i] = series->points[c][2 * i];
    }
    series->n /= 2;
    series->stride *= 2;
}

void series_add(struct session_series *series, size_t n_channels, const struct session_point *points)
{
    if (series->skip > 0) {
        series->skip--;
        return;
    }
    if (series->n == series->size)
        thin(series);
    series->skip = series->stride - 1;
    for (size_t c = 0; c < n_channels && c < DOSE_CHANNELS_MAX && series->points[c]; c++)
        series->points[c][series->n] = points[c];
    series->n++;
}

json_t *series_document(const struct session_series *series, size_t channel)
{
    json_t *array = json_array();
    for (size_t i = 0; channel < DOSE_CHANNELS_MAX && series->points[channel] && i < series->n; i++) {
        const struct session_point *p = &series->points[channel][i];
        json_t *o = json_object();
        doc_int(o, "at_ms", p->at_ms);
        doc_int(o, "level", p->level);
        doc_int(o, "target", p->target);
        if (p->has_measured)
            doc_int(o, "measured", p->measured);
        if (p->has_impedance)
            doc_int(o, "impedance_ohm", p->impedance_ohm);
        if (p->has_skin)
            doc_int(o, "skin_temp_millic", p->skin_millic);
        doc_text(o, "contact", contact_id((enum modality_contact)p->contact));
        json_array_append_new(array, o);
    }
    return array;
}
