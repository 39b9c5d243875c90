/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refus: an ultrasound unit with one head. The generator regulates the radiated power as far as its drive reaches;
 * what the coupling does not take away becomes heat in the head, which has a temperature and trips above 45 degC.
 */
#ifndef SIM_ULTRASOUND_H
#define SIM_ULTRASOUND_H

#include "model/model.h"

enum us_setting { US_SATP, US_DUTY, US_REPETITION, US_FREQUENCY, US_SETTINGS };

enum us_contact { US_CONTACT_UNJUDGED, US_CONTACT_GOOD, US_CONTACT_POOR, US_CONTACT_LOST };

extern const struct model_kind us_kind;

struct us_measured {
    double power_w; /* time-averaged; 0 where the device reports rest */
    int64_t coupling_permille;
    int64_t head_millic;
    enum us_contact contact;
    bool moving; /* the head, over the skin */
};
void us_measure(const struct model *model, struct us_measured *out);

#endif
