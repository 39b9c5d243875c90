/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies behind an electrical output: leads, two electrodes, the skin under them and the body between. The skin's
 * part grows as less of an electrode touches. Faults of the load are taken here, the same for every kind that has one.
 */
#ifndef SIM_LOAD_H
#define SIM_LOAD_H

#include "fault.h"

enum load_contact {
    LOAD_CONTACT_UNKNOWN,
    LOAD_CONTACT_GOOD,
    LOAD_CONTACT_POOR,
    LOAD_CONTACT_LOST,
    LOAD_CONTACT_SHORTED
};

enum load_path { LOAD_PATH_CONTACT, LOAD_PATH_OPEN, LOAD_PATH_SHORT };

struct load {
    enum load_path path;
    double touching;    /* share of the electrode on the skin, 0..1 */
    double skin_ohm;    /* with the whole electrode touching */
    double ramp_to_ohm; /* where skin_ohm is going */
    int64_t ramp_end_ns;
};

void load_nominal(struct load *load);
double load_ohm(const struct load *load);
/* A ramp goes on from now_ns to to_ns. */
void load_walk(struct load *load, int64_t now_ns, int64_t to_ns);
bool load_drifting(const struct load *load, int64_t now_ns);
/* What a device judges from an impedance it measured while its output flows. */
enum load_contact load_judge(int64_t ohm);

/* -ENOTSUP: not a fault of the load. */
int load_inject(struct load *load, enum fault_id fault, const struct fault_args *args, int64_t now_ns);
int load_clear(struct load *load, enum fault_id fault);

#endif
