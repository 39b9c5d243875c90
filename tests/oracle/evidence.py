# SPDX-License-Identifier: Apache-2.0
"""How each shipped limit is reached: id to a sane treatment and the one value that is moved until the limit binds.

One row per [limit <id>] of config/limits-*.ini. test_evidence.py fails where an id has no row or a row no id, so a new
limit without evidence does not pass. `live` names the kind of live evidence that tests/scenario and
tests/unit/limit_evidence have to give for it; they read this table too.
"""
import copy

MINUTE = 60000


def one(therapy, waveform, duration_ms, values, **more):
    return {"therapy": therapy, "site": "thigh", "duration_ms": duration_ms,
            "channels": [{"waveform": waveform, "start": dict(values), "ceiling": dict(values)}], **more}


PULSES = {"amplitude_ua": 20000, "phase_width_us": 200, "pulse_rate_millihz": 100000, "electrode_area_mm2": 10000}
CARRIED = {"amplitude_ua": 20000, "carrier_frequency_millihz": 4000000, "beat_frequency_millihz": 100000,
           "electrode_area_mm2": 20000}
GALVANIC = {"amplitude_ua": 1000, "electrode_area_mm2": 10000}
HEAD = {"era_mm2": 500, "bnr_permille": 5000}
BEAM = {"intensity_satp_uw_cm2": 300000, "us_frequency_khz": 1000, "treated_area_mm2": 1000, **HEAD}
BURSTS = {"burst_width_us": 200, "pulse_repetition_millihz": 1000000}
SPOT = {"spot_area_mm2": 100, "wavelength_nm": 808}

BASES = {
    "tens": one("tens", "biphasic_symmetric", 20 * MINUTE, PULSES),
    "brief": one("tens_brief", "biphasic_symmetric", 10 * MINUTE, PULSES),
    "asymmetric": one("tens", "biphasic_asymmetric", 20 * MINUTE,
                      {**PULSES, "phase2_width_us": 400, "amplitude2_permille": 500}),
    "monophasic": one("tens", "monophasic", 20 * MINUTE, {**PULSES, "amplitude_ua": 2000, "electrode_area_mm2": 20000}),
    "small pad": one("tens", "biphasic_symmetric", 20 * MINUTE, {**PULSES, "electrode_area_mm2": 2600}),
    "ifc": one("ifc", "sine", 20 * MINUTE, CARRIED),
    "nmes": one("nmes", "biphasic_symmetric", 10 * MINUTE,
                {**PULSES, "surge_on_ms": 10000, "surge_off_ms": 50000, "ramp_up_ms": 2000, "ramp_down_ms": 1000}),
    "russian": one("russian_nmes", "russian", 10 * MINUTE,
                   {**CARRIED, "carrier_frequency_millihz": 2500000, "burst_rate_millihz": 50000,
                    "burst_duty_permille": 500}),
    "hvpc": one("hvpc_pain", "hvpc", 20 * MINUTE,
                {"amplitude_mv": 100000, "phase_width_us": 20, "pulse_rate_millihz": 100000, "electrode_area_mm2": 20000}),
    "microcurrent": one("microcurrent", "biphasic_symmetric", 20 * MINUTE,
                        {**PULSES, "amplitude_ua": 500, "phase_width_us": 20000, "pulse_rate_millihz": 10000}),
    "dc": one("microcurrent", "dc", 10 * MINUTE, {**GALVANIC, "amplitude_ua": 500}),
    "ionto": one("ionto", "iontophoresis", 20 * MINUTE, GALVANIC),
    "continuous": one("us_thermal", "us_continuous", 3 * MINUTE, BEAM),
    "pulsed": one("us_nonthermal", "us_pulsed", 3 * MINUTE, {**BEAM, "duty_permille": 200}),
    "lipus": one("lipus", "us_pulsed", 20 * MINUTE,
                 {**BEAM, **BURSTS, "intensity_satp_uw_cm2": 150000, "us_frequency_khz": 1500}),
    "laser": one("pbm", "laser_continuous", 2 * MINUTE, {**SPOT, "power_uw": 50000}),
    "points": one("pbm", "laser_continuous", 10 * MINUTE,
                  {**SPOT, "power_uw": 100000, "point_energy_uj": 6000000, "point_count": 2}, ),
    "904": one("pbm", "laser_pulsed", 8 * MINUTE,
               {"spot_area_mm2": 100, "wavelength_nm": 904, "peak_power_uw": 10000000, "pulse_width_ns": 200,
                "pulse_repetition_millihz": 10000000, "point_energy_uj": 1000000, "point_count": 4}),
    "cold": one("cryo", "cold_contact", 15 * MINUTE, {"temperature_millic": 12000}),
}


# ---- what is moved ----

def value(quantity):
    """A commanded value or property of every channel, both ends."""
    def put(t, x):
        for channel in t["channels"]:
            channel["start"][quantity] = channel["ceiling"][quantity] = x
    return put


def duration(t, x):
    t["duration_ms"] = x


def history(key):
    def put(t, x):
        t.setdefault("history", {})[key] = x
    return put


def since(therapy):
    def put(t, x):
        t.setdefault("history", {}).setdefault("since_end_ms", {})[therapy] = x
    return put


class Row:
    """One limit: its base treatment, what is moved, from a value that is within it (good) to one far beyond (bad)."""

    def __init__(self, base, move, good, bad, live, **also):
        self.base, self.move, self.good, self.bad, self.live, self.also = base, move, good, bad, live, also

    def treatment(self, x):
        t = copy.deepcopy(BASES[self.base])
        for key, moved in self.also.items():
            if key in t or key in ("site", "no_indicator", "history"):
                t[key] = moved
            else:
                value(key)(t, moved)
        if self.move is not None:
            self.move(t, x)
        return t


# Kinds of live evidence. What each of them means is said where it is given.
ADJUST = "adjust"      # an adjust above what is left after a reload; the session stops when the reload goes below it
PREPARE = "prepare"    # set once, before the start: only prepare and a reload can meet it
MEASURED = "measured"  # a fault of the simulated device
TOTAL = "total"        # a total that is reached while the output is on
DAY = "day"            # what earlier sessions left, after a restart of the daemon too
WALK = "walk"          # how the level moves, by the trace
DEVICE = "device"      # what a [device] section says of the device
SHOWN = "shown"        # bounds nobody: shown in limits.explain and on the sheet


def level(base, bad, quantity="amplitude_ua", live=ADJUST, **also):
    return Row(base, value(quantity), 0, bad, live, **also)


def window(base, quantity, good, bad, **also):
    return Row(base, value(quantity), good, bad, SHOWN, **also)


ROWS = {
    # electrical stimulation: output
    "es_irms_dc_max": level("dc", 200000),
    "es_irms_le400_max": level("tens", 300000, electrode_area_mm2=20000),
    "es_irms_400_1500_max": level("tens", 400000, pulse_rate_millihz=1000000),
    "es_irms_gt1500_max": level("ifc", 400000),
    "es_irms_all_cap": level("ifc", 400000),
    "es_pulse_energy_max": level("tens", 3000000, phase_width_us=400, pulse_rate_millihz=1000),
    "es_vpk_open_max": level("hvpc", 900000, "amplitude_mv"),
    "es_netq_max": Row("asymmetric", value("phase2_width_us"), 400, 600, PREPARE),
    "es_q_phase_report": level("tens", 300000, live=SHOWN),
    "es_q_phase_cap": level("tens", 900000),
    "es_jrms_notice": level("tens", 900000, electrode_area_mm2=1000),
    "es_jdc_max": level("dc", 200000),
    "es_pdens_max": level("tens", 3000000),
    "es_smallpad_ipk_max": level("small pad", 90000),
    "es_ind_current": level("tens", 900000, live=DEVICE, no_indicator=True),
    "es_ind_voltage": level("tens", 900000, live=DEVICE, no_indicator=True),
    "es_ind_energy": level("tens", 3000000, live=DEVICE, no_indicator=True, pulse_rate_millihz=1000),
    "es_min_setting_frac": Row("tens", value("minimum_setting_permille"), 0, 500, DEVICE),
    "es_leak_normal": Row("tens", value("patient_leakage_ua"), 0, 5000, DEVICE),
    "es_leak_fault": Row("tens", value("patient_leakage_fault_ua"), 0, 5000, DEVICE),
    "es_hf_exclusion": Row("tens", value("diathermy_distance_mm"), 9000, 0, DEVICE),
    # how the level is walked, and what is measured
    "es_step_max": Row("tens", None, 0, 0, WALK),
    "es_step_volt_max": Row("hvpc", None, 0, 0, WALK),
    "es_slew_max": Row("tens", None, 0, 0, WALK),
    "es_accuracy": Row("tens", None, 0, 0, MEASURED),
    "es_load_open": Row("tens", None, 0, 0, MEASURED),
    "es_load_short": Row("tens", None, 0, 0, MEASURED),
    "es_load_trend": Row("tens", None, 0, 0, MEASURED),
    "us_power_accuracy": Row("continuous", None, 0, 0, MEASURED),
    "us_accuracy_floor": Row("continuous", None, 0, 0, SHOWN),
    "us_timer_tol_lt5": Row("continuous", None, 0, 0, MEASURED),
    "us_timer_tol_5to10": Row("continuous", None, 0, 0, MEASURED, duration_ms=8 * MINUTE),
    "us_timer_tol_gt10": Row("continuous", None, 0, 0, MEASURED, duration_ms=12 * MINUTE),
    "us_timer_tol_iec": Row("continuous", None, 0, 0, MEASURED),
    "us_head_temp_max": Row("continuous", None, 0, 0, MEASURED),
    "us_head_temp_ed3": Row("continuous", None, 0, 0, SHOWN),
    "lz_accuracy": Row("laser", None, 0, 0, MEASURED),
    "lz_interlock": Row("laser", None, 0, 0, MEASURED),
    "lz_readback_max": Row("laser", None, 0, 0, MEASURED),
    "cr_skin_min": Row("cold", None, 0, 0, MEASURED),
    "cr_skin_target": Row("cold", None, 0, 0, SHOWN),
    # time, totals, particular currents
    "es_ramp_min": window("nmes", "ramp_up_ms", 2000, 0),
    "es_session_max": Row("tens", duration, MINUTE, 400 * MINUTE, TOTAL),
    "es_brief_session_max": Row("brief", duration, MINUTE, 400 * MINUTE, TOTAL),
    "es_day_max": Row("tens", history("duration_ms"), 0, 2000 * MINUTE, DAY),
    "es_nmes_contractions_max": Row("nmes", duration, MINUTE, 60 * MINUTE, SHOWN),
    "hvpc_v_max": level("hvpc", 900000, "amplitude_mv"),
    "hvpc_width_max": window("hvpc", "phase_width_us", 20, 900),
    "mc_i_max": level("microcurrent", 9000),
    "ion_i_max": level("ionto", 9000),
    "ion_dose_typ": Row("ionto", duration, MINUTE, 400 * MINUTE, SHOWN),
    "ion_dose_max": Row("ionto", duration, MINUTE, 400 * MINUTE, TOTAL),
    "ion_jdc_cathode": level("ionto", 9000, electrode_area_mm2=500),
    "ion_jdc_anode": level("ionto", 9000, electrode_area_mm2=200),
    "tens_rate": window("tens", "pulse_rate_millihz", 100000, 900000),
    "tens_width": window("tens", "phase_width_us", 100, 900),
    "tens_ipp_std": level("tens", 90000, live=SHOWN),
    "nmes_rate": window("nmes", "pulse_rate_millihz", 50000, 900000),
    "nmes_width": window("nmes", "phase_width_us", 300, 5000),
    "ifc_carrier": window("ifc", "carrier_frequency_millihz", 4000000, 40000000),
    "ifc_amf": window("ifc", "beat_frequency_millihz", 100000, 900000),
    "rus_carrier": window("russian", "carrier_frequency_millihz", 2500000, 9000000),
    "es_shannon_warn": level("small pad", 900000, live=SHOWN, phase_width_us=400),
    # ultrasound
    "us_ieff_max": level("continuous", 4000000, "intensity_satp_uw_cm2"),
    "us_satp_max": level("pulsed", 4000000, "intensity_satp_uw_cm2"),
    "us_bnr_max": Row("continuous", value("bnr_permille"), 1000, 9000, PREPARE),
    "us_hot_spot_max": level("continuous", 9000000, "intensity_satp_uw_cm2", bnr_permille=8000),
    "us_static_max": level("continuous", 4000000, "intensity_satp_uw_cm2"),
    "us_area_ratio_max": Row("continuous", value("treated_area_mm2"), 500, 30000, PREPARE),
    "us_area_abs_max": Row("continuous", value("treated_area_mm2"), 500, 30000, PREPARE),
    "us_energy_session_max": Row("continuous", duration, 1000, 400 * MINUTE, TOTAL),
    "us_energy_density_max": Row("continuous", duration, 1000, 400 * MINUTE, PREPARE),
    "us_temp_rise_max": Row("continuous", duration, 1000, 400 * MINUTE, TOTAL, us_frequency_khz=3000),
    "us_temp_abs_max": Row("continuous", duration, 1000, 400 * MINUTE, PREPARE, us_frequency_khz=3000),
    "us_cem43_skin": Row("continuous", duration, 1000, 400 * MINUTE, DAY, us_frequency_khz=3000),
    "us_cem43_bone": Row("continuous", duration, 1000, 400 * MINUTE, DAY, us_frequency_khz=3000),
    "us_mi_max": level("continuous", 900000000, "intensity_satp_uw_cm2", live=SHOWN),
    "us_timer_max": Row("continuous", duration, 1000, 400 * MINUTE, TOTAL),
    "us_sessions_day": Row("continuous", history("session_count"), 0, 20, DAY),
    "us_supply_var": Row("continuous", value("supply_variation_permille"), 0, 900, DEVICE),
    "us_unwanted_max": Row("continuous", value("unwanted_radiation_uw_cm2"), 0, 900000, DEVICE),
    "lipus_freq": window("lipus", "us_frequency_khz", 1500, 3000),
    "lipus_sata": level("lipus", 900000, "intensity_satp_uw_cm2", live=SHOWN),
    "lipus_sata_max": level("lipus", 90000000, "intensity_satp_uw_cm2"),
    "lipus_burst": window("lipus", "burst_width_us", 200, 400),
    "lipus_prf": window("lipus", "pulse_repetition_millihz", 1000000, 3000000),
    "lipus_time": Row("lipus", duration, MINUTE, 400 * MINUTE, TOTAL),
    "lipus_day": Row("lipus", history("session_count"), 0, 20, DAY),
    # laser
    "lz_mean_3b": level("laser", 900000, "power_uw"),
    "lz_mean_min": window("laser", "power_uw", 50000, 100),
    "lz_irr_tendon_max": level("laser", 900000, "power_uw", site="achilles_tendon",
                               spot_area_mm2=5),
    "lz_time_window": window("points", "point_energy_uj", 6000000, 60000000, duration_ms=100 * MINUTE),
    "lz_hip_total": window("points", "point_energy_uj", 1000000, 60000000, site="hip", duration_ms=100 * MINUTE),
    "lz_hip_point_min": window("points", "point_energy_uj", 7000000, 100, site="hip"),
    "lz_904_knee_total": window("904", "point_energy_uj", 500000, 9000000, site="knee", duration_ms=100 * MINUTE),
    # cold
    "cr_time_default": Row("cold", duration, MINUTE, 400 * MINUTE, SHOWN),
    "cr_time_max": Row("cold", duration, MINUTE, 400 * MINUTE, TOTAL),
    "cr_rest_min": Row("cold", history("since_last_end_ms"), 900 * MINUTE, 0, DAY),
    # order
    "order_estim_after_cold": Row("tens", since("cryo"), 900 * MINUTE, 0, DAY),
    "order_us_after_analgesia": Row("continuous", since("tens"), 900 * MINUTE, 0, DAY),
}
