/* SPDX-License-Identifier: Apache-2.0 */
#include "model/load.h"

#include <errno.h>
#include <math.h>
#include <modality/clock.h>

#define BODY_OHM 200.0
#define SKIN_OHM 800.0       /* with the whole electrode touching: 1000 ohm in all */
#define OPEN_OHM 1.0e6       /* what is left of a path when an electrode hangs in the air */
#define SHORT_OHM 10.0       /* leads and connectors */
#define LOST_ABOVE_OHM 10000 /* the register pages */
#define POOR_ABOVE_OHM 3000
#define SHORTED_BELOW_OHM 50
#define HALF_LIFT_PERMILLE 250

void load_nominal(struct load *load)
{
    load->path = LOAD_PATH_CONTACT;
    load->touching = 1.0;
    load->skin_ohm = SKIN_OHM;
    load->ramp_end_ns = 0;
}

double load_ohm(const struct load *load)
{
    if (load->path == LOAD_PATH_OPEN || load->touching <= 0)
        return OPEN_OHM;
    return load->path == LOAD_PATH_SHORT ? SHORT_OHM : BODY_OHM + load->skin_ohm / load->touching;
}

void load_walk(struct load *load, int64_t now_ns, int64_t to_ns)
{
    if (load->ramp_end_ns <= now_ns)
        return;
    double share = (double)(to_ns - now_ns) / (double)(load->ramp_end_ns - now_ns);
    load->skin_ohm += (load->ramp_to_ohm - load->skin_ohm) * fmin(share, 1);
}

bool load_drifting(const struct load *load, int64_t now_ns)
{
    return load->ramp_end_ns > now_ns;
}

enum load_contact load_judge(int64_t ohm)
{
    if (ohm > LOST_ABOVE_OHM)
        return LOAD_CONTACT_LOST;
    if (ohm > POOR_ABOVE_OHM)
        return LOAD_CONTACT_POOR;
    return ohm < SHORTED_BELOW_OHM ? LOAD_CONTACT_SHORTED : LOAD_CONTACT_GOOD;
}

static void impedance_go(struct load *load, double ohm, int64_t ramp_ms, int64_t now_ns)
{
    load->path = LOAD_PATH_CONTACT;
    load->touching = 1.0;
    load->ramp_to_ohm = fmax(ohm - BODY_OHM, 0);
    load->ramp_end_ns = now_ns + ramp_ms * NS_PER_MS;
    if (ramp_ms == 0)
        load->skin_ohm = load->ramp_to_ohm;
}

static void half_lift(struct load *load, int64_t touching_permille)
{
    load->path = LOAD_PATH_CONTACT;
    load->touching = (double)touching_permille / 1000.0;
}

static bool is_load_fault(enum fault_id fault)
{
    return fault == FAULT_open || fault == FAULT_short || fault == FAULT_half_lift || fault == FAULT_impedance;
}

int load_inject(struct load *load, enum fault_id fault, const struct fault_args *args, int64_t now_ns)
{
    if (!is_load_fault(fault))
        return -ENOTSUP;
    if (fault == FAULT_open)
        load->path = LOAD_PATH_OPEN;
    else if (fault == FAULT_short)
        load->path = LOAD_PATH_SHORT;
    else if (fault == FAULT_half_lift)
        half_lift(load, fault_arg_or(args, ARG_permille, HALF_LIFT_PERMILLE));
    else
        impedance_go(load, (double)args->value[ARG_ohm], fault_arg_or(args, ARG_ramp_ms, 0), now_ns);
    return 0;
}

int load_clear(struct load *load, enum fault_id fault)
{
    if (!is_load_fault(fault))
        return -ENOTSUP;
    load_nominal(load);
    return 0;
}
