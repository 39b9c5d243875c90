/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any refusals, as many as a list holds, put into their order.
 */
#include "any_dose.h"

int main(void)
{
    static struct refusals refusals;
    any_refusals(&refusals);
    refusals_sort(&refusals);
    return 0;
}
