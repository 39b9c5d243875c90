/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of quantities. Every number of a treatment - commanded, derived, measured, accumulated or a property of
 * an accessory - is a row here; INI keys, JSON fields, plugin ranges, telemetry, limits, help and records use these ids
 * and no other list. Values are int64_t in the base unit, and the unit stands in the id.
 */
#ifndef MODALITY_QUANTITY_H
#define MODALITY_QUANTITY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What a device does to a patient. A bit each, so that a quantity can belong to several. */
enum modality {
    MODALITY_ESTIM = 1,      /* electrical stimulation: TENS, interferential, NMES, ... */
    MODALITY_ULTRASOUND = 2, /* therapeutic ultrasound, LIPUS included */
    MODALITY_LASER = 4,      /* photobiomodulation */
    MODALITY_COLD = 8,       /* cryotherapy */
};
#define MODALITY_ANY (MODALITY_ESTIM | MODALITY_ULTRASOUND | MODALITY_LASER | MODALITY_COLD)

/* The direction in which a quantity becomes safer. */
enum modality_safer {
    SAFER_NONE, /* neither direction is safer in itself (a frequency, an area) */
    SAFER_DOWN, /* less is safer: current, intensity, time */
    SAFER_UP,   /* more is safer: a temperature in cold treatment, an electrode area, a rest interval */
};

/* What "at rest" means for a quantity. */
enum modality_rest {
    REST_NONE,     /* a parameter: it has no rest of its own */
    REST_ZERO,     /* rest is 0 */
    REST_DECLARED, /* rest is the set point the device declares (a cold unit) */
};

/* Where a value comes from. */
enum modality_basis {
    BASIS_COMMANDED,   /* asked for by a person, written to a device */
    BASIS_DERIVED,     /* computed from commanded values by daemon/dose */
    BASIS_MEASURED,    /* read from a device */
    BASIS_ACCUMULATED, /* summed over a session or over 24 h */
    BASIS_PROPERTY,    /* a property of a device, applicator or electrode */
};

/*
 * Dimensions: DIMENSION(id, base unit, UCUM code of the base unit). Which other unit texts are understood for a
 * dimension, and their exact factors, is daemon/dose/value.c.
 */
#define MODALITY_DIMENSIONS(DIMENSION)                                                                                 \
    DIMENSION(CURRENT, "uA", "uA")                                                                                     \
    DIMENSION(VOLTAGE, "mV", "mV")                                                                                     \
    DIMENSION(TIME_NS, "ns", "ns")                                                                                     \
    DIMENSION(TIME_US, "us", "us")                                                                                     \
    DIMENSION(TIME_MS, "ms", "ms")                                                                                     \
    DIMENSION(RATE, "mHz", "mHz")                                                                                      \
    DIMENSION(FREQUENCY_KHZ, "kHz", "kHz")                                                                             \
    DIMENSION(CHARGE_NC, "nC", "nC")                                                                                   \
    DIMENSION(CHARGE_UC, "uC", "uC")                                                                                   \
    DIMENSION(CHARGE_DENSITY, "nC/cm2", "nC/cm2")                                                                      \
    DIMENSION(CURRENT_DENSITY, "uA/cm2", "uA/cm2")                                                                     \
    DIMENSION(POWER, "uW", "uW")                                                                                       \
    DIMENSION(INTENSITY, "uW/cm2", "uW/cm2")                                                                           \
    DIMENSION(ENERGY, "uJ", "uJ")                                                                                      \
    DIMENSION(ENERGY_DENSITY, "uJ/cm2", "uJ/cm2")                                                                      \
    DIMENSION(AREA, "mm2", "mm2")                                                                                      \
    DIMENSION(LENGTH_NM, "nm", "nm")                                                                                   \
    DIMENSION(LENGTH_MM, "mm", "mm")                                                                                   \
    DIMENSION(TEMPERATURE, "mdegC", "mCel")                                                                            \
    DIMENSION(TEMPERATURE_RISE, "mK", "mK")                                                                            \
    DIMENSION(IMPEDANCE, "ohm", "Ohm")                                                                                 \
    DIMENSION(RATIO, "permille", "[ppth]")                                                                             \
    DIMENSION(NUMBER, "1", "1")                                                                                        \
    DIMENSION(SLEW, "uA/s", "uA/s")                                                                                    \
    DIMENSION(VOLTAGE_SLEW, "mV/s", "mV/s")                                                                            \
    DIMENSION(ION_DOSE, "uA.min", "uA.min")                                                                            \
    DIMENSION(COLD_DOSE, "mdegC.min", "mCel.min")                                                                      \
    DIMENSION(THERMAL_DOSE, "ms", "ms")                                                                                \
    DIMENSION(DECIBEL_K, "milli", "m1")

enum modality_dimension {
#define DIMENSION(id, base, ucum) DIMENSION_##id,
    MODALITY_DIMENSIONS(DIMENSION)
#undef DIMENSION
        DIMENSION_COUNT
};

/*
 * The table: QUANTITY(id, dimension, display unit, modalities, safer, rest, basis, meaning).
 * The id is what INI, JSON and records use; the display unit is what people read.
 */
#define MODALITY_QUANTITIES(QUANTITY)                                                                                  \
    /* electrical stimulation: commanded */                                                                            \
    QUANTITY(amplitude_ua, CURRENT, "mA", MODALITY_ESTIM, DOWN, ZERO, COMMANDED,                                       \
             "peak current of one phase; for a premodulated current the maximum of its envelope")                      \
    QUANTITY(amplitude_mv, VOLTAGE, "V", MODALITY_ESTIM, DOWN, ZERO, COMMANDED,                                        \
             "peak voltage of a high-voltage twin-peak pulse")                                                         \
    QUANTITY(phase_width_us, TIME_US, "us", MODALITY_ESTIM, DOWN, NONE, COMMANDED, "width of one phase of a pulse")    \
    QUANTITY(phase2_width_us, TIME_US, "us", MODALITY_ESTIM, DOWN, NONE, COMMANDED,                                    \
             "width of the second phase of an asymmetric pulse")                                                       \
    QUANTITY(amplitude2_permille, RATIO, "%", MODALITY_ESTIM, DOWN, NONE, COMMANDED,                                   \
             "peak of the second phase of an asymmetric pulse, as a share of the first")                               \
    QUANTITY(interphase_us, TIME_US, "us", MODALITY_ESTIM, NONE, NONE, COMMANDED, "gap between the phases of a pulse") \
    QUANTITY(pulse_rate_millihz, RATE, "Hz", MODALITY_ESTIM, DOWN, NONE, COMMANDED, "pulses per second")               \
    QUANTITY(carrier_frequency_millihz, RATE, "Hz", MODALITY_ESTIM, NONE, NONE, COMMANDED,                             \
             "carrier of an interferential, premodulated or Russian current")                                          \
    QUANTITY(beat_frequency_millihz, RATE, "Hz", MODALITY_ESTIM, NONE, NONE, COMMANDED,                                \
             "beat (amplitude modulation) frequency of an interferential current")                                     \
    QUANTITY(burst_rate_millihz, RATE, "Hz", MODALITY_ESTIM, NONE, NONE, COMMANDED, "bursts per second")               \
    QUANTITY(burst_duty_permille, RATIO, "%", MODALITY_ESTIM, DOWN, NONE, COMMANDED,                                   \
             "share of a burst period in which the current flows")                                                     \
    QUANTITY(surge_on_ms, TIME_MS, "s", MODALITY_ESTIM, NONE, NONE, COMMANDED,                                         \
             "on time of a surge (contraction), both ramps included")                                                  \
    QUANTITY(surge_off_ms, TIME_MS, "s", MODALITY_ESTIM, NONE, NONE, COMMANDED, "off time of a surge")                 \
    QUANTITY(ramp_up_ms, TIME_MS, "s", MODALITY_ESTIM, NONE, NONE, COMMANDED, "rising ramp of a surge")                \
    QUANTITY(ramp_down_ms, TIME_MS, "s", MODALITY_ESTIM, NONE, NONE, COMMANDED, "falling ramp of a surge")             \
    QUANTITY(                                                                                                          \
        active_polarity, NUMBER, "1", MODALITY_ESTIM, NONE, NONE, COMMANDED,                                           \
        "polarity of the active electrode: 1 anode (positive), 2 cathode (negative); a selection, not a magnitude")    \
    QUANTITY(waveform_class, NUMBER, "1", MODALITY_ANY, NONE, NONE, COMMANDED,                                         \
             "code of the waveform class (include/modality/waveform.h); a selection, not a magnitude")                 \
    /* electrical stimulation: derived and measured */                                                                 \
    QUANTITY(phase_charge_nc, CHARGE_NC, "uC", MODALITY_ESTIM, DOWN, ZERO, DERIVED, "charge of one phase")             \
    QUANTITY(charge_density_nc_cm2, CHARGE_DENSITY, "uC/cm2", MODALITY_ESTIM, DOWN, ZERO, DERIVED,                     \
             "phase charge over the smaller electrode's contact area")                                                 \
    QUANTITY(net_charge_permille, RATIO, "%", MODALITY_ESTIM, DOWN, ZERO, DERIVED,                                     \
             "net charge of a pulse over the charge of its first phase")                                               \
    QUANTITY(pulse_duty_permille, RATIO, "%", MODALITY_ESTIM, DOWN, NONE, DERIVED,                                     \
             "share of time in which a pulse, its gaps included, occupies its period")                                 \
    QUANTITY(limit_frequency_millihz, RATE, "Hz", MODALITY_ESTIM, NONE, NONE, DERIVED,                                 \
             "frequency that selects a frequency band: the carrier where there is one, else the pulse rate")           \
    QUANTITY(rms_current_ua, CURRENT, "mA", MODALITY_ESTIM, DOWN, ZERO, DERIVED,                                       \
             "r.m.s. current of one channel on the plateau of a surge")                                                \
    QUANTITY(rms_current_sum_ua, CURRENT, "mA", MODALITY_ESTIM, DOWN, ZERO, DERIVED,                                   \
             "linear sum of r.m.s. current over all channels on one patient and body site")                            \
    QUANTITY(dc_current_ua, CURRENT, "mA", MODALITY_ESTIM, DOWN, ZERO, DERIVED, "direct component of the current")     \
    QUANTITY(rms_density_ua_cm2, CURRENT_DENSITY, "mA/cm2", MODALITY_ESTIM, DOWN, ZERO, DERIVED,                       \
             "r.m.s. current over the contact area of the smaller electrode")                                          \
    QUANTITY(dc_density_ua_cm2, CURRENT_DENSITY, "mA/cm2", MODALITY_ESTIM, DOWN, ZERO, DERIVED,                        \
             "direct component over the contact area of the smaller electrode")                                        \
    QUANTITY(anode_density_ua_cm2, CURRENT_DENSITY, "mA/cm2", MODALITY_ESTIM, DOWN, ZERO, DERIVED,                     \
             "direct component over the contact area of the anode")                                                    \
    QUANTITY(cathode_density_ua_cm2, CURRENT_DENSITY, "mA/cm2", MODALITY_ESTIM, DOWN, ZERO, DERIVED,                   \
             "direct component over the contact area of the cathode")                                                  \
    QUANTITY(rms_voltage_mv, VOLTAGE, "V", MODALITY_ESTIM, DOWN, ZERO, DERIVED,                                        \
             "r.m.s. voltage into 1 kohm, the load of an output indicator's threshold")                                \
    QUANTITY(pulse_energy_1k_uj, ENERGY, "mJ", MODALITY_ESTIM, DOWN, ZERO, DERIVED,                                    \
             "energy of one pulse into 1 kohm, the load of an output indicator's threshold")                           \
    QUANTITY(power_density_uw_cm2, INTENSITY, "W/cm2", MODALITY_ESTIM, DOWN, ZERO, DERIVED,                            \
             "average electrical power into 500 ohm over the contact area")                                            \
    QUANTITY(pulse_energy_uj, ENERGY, "mJ", MODALITY_ESTIM, DOWN, ZERO, DERIVED, "energy of one pulse into 500 ohm")   \
    QUANTITY(shannon_k_milli, DECIBEL_K, "1", MODALITY_ESTIM, DOWN, NONE, DERIVED,                                     \
             "Shannon index log10(charge x charge density); advisory only on skin")                                    \
    QUANTITY(amplitude_p2p_ua, CURRENT, "mA", MODALITY_ESTIM, DOWN, ZERO, DERIVED, "peak-to-peak current")             \
    QUANTITY(session_charge_uc, CHARGE_UC, "mC", MODALITY_ESTIM, DOWN, ZERO, ACCUMULATED,                              \
             "integral of the current's absolute value over a session")                                                \
    QUANTITY(iontophoresis_dose_ua_min, ION_DOSE, "mA.min", MODALITY_ESTIM, DOWN, ZERO, ACCUMULATED,                   \
             "integral of the direct current over a session")                                                          \
    QUANTITY(contraction_count, NUMBER, "1", MODALITY_ESTIM, DOWN, ZERO, ACCUMULATED, "surges in a session")           \
    QUANTITY(impedance_ohm, IMPEDANCE, "ohm", MODALITY_ESTIM, NONE, NONE, MEASURED,                                    \
             "impedance of electrodes and skin at the pulse plateau")                                                  \
    QUANTITY(impedance_rise_permille, RATIO, "%", MODALITY_ESTIM, DOWN, NONE, MEASURED,                                \
             "impedance over its value at the start, less one")                                                        \
    QUANTITY(output_voltage_mv, VOLTAGE, "V", MODALITY_ESTIM, DOWN, ZERO, MEASURED,                                    \
             "peak voltage at the electrodes, and in a limit the open-circuit voltage the device can reach")           \
    QUANTITY(amplitude_step_ua, CURRENT, "mA", MODALITY_ESTIM, DOWN, NONE, DERIVED,                                    \
             "largest single step by which the level is walked upward")                                                \
    QUANTITY(amplitude_slew_ua_s, SLEW, "mA/s", MODALITY_ESTIM, DOWN, NONE, DERIVED,                                   \
             "largest rate at which the level is walked upward")                                                       \
    QUANTITY(amplitude_step_mv, VOLTAGE, "V", MODALITY_ESTIM, DOWN, NONE, DERIVED,                                     \
             "largest single step by which a level in volts is walked upward")                                         \
    QUANTITY(amplitude_slew_mv_s, VOLTAGE_SLEW, "V/s", MODALITY_ESTIM, DOWN, NONE, DERIVED,                            \
             "largest rate at which a level in volts is walked upward")                                                \
    QUANTITY(electrode_area_mm2, AREA, "cm2", MODALITY_ESTIM, UP, NONE, PROPERTY,                                      \
             "contact area of the smaller electrode of a channel")                                                     \
    QUANTITY(anode_area_mm2, AREA, "cm2", MODALITY_ESTIM, UP, NONE, PROPERTY,                                          \
             "contact area of the anode, where the electrodes say their polarity")                                     \
    QUANTITY(cathode_area_mm2, AREA, "cm2", MODALITY_ESTIM, UP, NONE, PROPERTY,                                        \
             "contact area of the cathode, where the electrodes say their polarity")                                   \
    QUANTITY(minimum_setting_permille, RATIO, "%", MODALITY_ESTIM, DOWN, NONE, PROPERTY,                               \
             "smallest level of the device other than rest over its largest")                                          \
    QUANTITY(patient_leakage_ua, CURRENT, "uA", MODALITY_ESTIM, DOWN, NONE, PROPERTY,                                  \
             "patient leakage current in normal condition, from the device's safety test")                             \
    QUANTITY(patient_leakage_fault_ua, CURRENT, "uA", MODALITY_ESTIM, DOWN, NONE, PROPERTY,                            \
             "patient leakage current in single-fault condition, from the device's safety test")                       \
    QUANTITY(diathermy_distance_mm, LENGTH_MM, "m", MODALITY_ESTIM, UP, NONE, PROPERTY,                                \
             "distance of the device's place from the nearest short-wave or microwave unit")                           \
    /* ultrasound */                                                                                                   \
    QUANTITY(intensity_satp_uw_cm2, INTENSITY, "W/cm2", MODALITY_ULTRASOUND, DOWN, ZERO, COMMANDED,                    \
             "spatial-average temporal-peak intensity: power during the burst over ERA")                               \
    QUANTITY(duty_permille, RATIO, "%", MODALITY_ULTRASOUND | MODALITY_LASER, DOWN, NONE, COMMANDED,                   \
             "share of time in which the burst is on; 1000 is continuous")                                             \
    QUANTITY(us_frequency_khz, FREQUENCY_KHZ, "MHz", MODALITY_ULTRASOUND, NONE, NONE, COMMANDED,                       \
             "acoustic working frequency")                                                                             \
    QUANTITY(pulse_repetition_millihz, RATE, "Hz", MODALITY_ULTRASOUND | MODALITY_LASER, NONE, NONE, COMMANDED,        \
             "bursts of ultrasound, or pulses of a laser, per second")                                                 \
    QUANTITY(burst_width_us, TIME_US, "us", MODALITY_ULTRASOUND | MODALITY_LASER, NONE, NONE, COMMANDED,               \
             "width of one burst of ultrasound or one pulse of a chopped laser")                                       \
    QUANTITY(pulse_width_ns, TIME_NS, "ns", MODALITY_LASER, NONE, NONE, COMMANDED,                                     \
             "width of one pulse of a superpulsed laser")                                                              \
    QUANTITY(intensity_sata_uw_cm2, INTENSITY, "W/cm2", MODALITY_ULTRASOUND, DOWN, ZERO, DERIVED,                      \
             "spatial-average temporal-average intensity: mean power over ERA")                                        \
    QUANTITY(intensity_static_uw_cm2, INTENSITY, "W/cm2", MODALITY_ULTRASOUND, DOWN, ZERO, DERIVED,                    \
             "SATA that tissue gets under a head which is not moved")                                                  \
    QUANTITY(hot_spot_uw_cm2, INTENSITY, "W/cm2", MODALITY_ULTRASOUND, DOWN, ZERO, DERIVED,                            \
             "BNR x SATA, the intensity of the beam's hot spot")                                                       \
    QUANTITY(power_uw, POWER, "W", MODALITY_ULTRASOUND | MODALITY_LASER, DOWN, ZERO, COMMANDED,                        \
             "mean power: acoustic (SATA x ERA) or optical")                                                           \
    QUANTITY(energy_uj, ENERGY, "J", MODALITY_ULTRASOUND | MODALITY_LASER, DOWN, ZERO, ACCUMULATED,                    \
             "acoustic or optical energy")                                                                             \
    QUANTITY(energy_density_uj_cm2, ENERGY_DENSITY, "J/cm2", MODALITY_ULTRASOUND, DOWN, ZERO, ACCUMULATED,             \
             "energy over the treated area")                                                                           \
    QUANTITY(treated_area_mm2, AREA, "cm2", MODALITY_ULTRASOUND, NONE, NONE, COMMANDED,                                \
             "area over which the head is moved")                                                                      \
    QUANTITY(area_ratio_permille, RATIO, "%", MODALITY_ULTRASOUND, NONE, NONE, DERIVED, "treated area over ERA")       \
    QUANTITY(era_mm2, AREA, "cm2", MODALITY_ULTRASOUND, NONE, NONE, PROPERTY,                                          \
             "effective radiating area of an ultrasound head, from its calibration")                                   \
    QUANTITY(bnr_permille, RATIO, "1", MODALITY_ULTRASOUND, DOWN, NONE, PROPERTY, "beam non-uniformity ratio")         \
    QUANTITY(temperature_rise_millik, TEMPERATURE_RISE, "K", MODALITY_ULTRASOUND, DOWN, ZERO, DERIVED,                 \
             "open-loop bound on the rise of tissue temperature")                                                      \
    QUANTITY(tissue_temperature_millic, TEMPERATURE, "degC", MODALITY_ULTRASOUND, DOWN, NONE, DERIVED,                 \
             "open-loop bound on tissue temperature, from a 36 degC base")                                             \
    QUANTITY(applicator_temperature_millic, TEMPERATURE, "degC", MODALITY_ULTRASOUND, DOWN, NONE, MEASURED,            \
             "surface temperature of the applicator")                                                                  \
    QUANTITY(coupling_permille, RATIO, "%", MODALITY_ULTRASOUND, UP, NONE, MEASURED,                                   \
             "acoustic coupling of the head; 0 is dry")                                                                \
    QUANTITY(head_moving, NUMBER, "1", MODALITY_ULTRASOUND, NONE, NONE, MEASURED,                                      \
             "1 while the head is moved, 0 while it rests on one spot")                                                \
    QUANTITY(unwanted_radiation_uw_cm2, INTENSITY, "mW/cm2", MODALITY_ULTRASOUND, DOWN, NONE, PROPERTY,                \
             "ultrasound that the handle gives off, from the device's test")                                           \
    QUANTITY(supply_variation_permille, RATIO, "%", MODALITY_ULTRASOUND, DOWN, NONE, PROPERTY,                         \
             "change of power for a supply change of 10 %, from the device's test")                                    \
    QUANTITY(accuracy_floor_permille, RATIO, "%", MODALITY_ULTRASOUND, NONE, NONE, PROPERTY,                           \
             "share of the device's maximum above which its accuracy is judged")                                       \
    QUANTITY(mechanical_index_milli, DECIBEL_K, "1", MODALITY_ULTRASOUND, DOWN, ZERO, DERIVED, "mechanical index")     \
    QUANTITY(cem43_ms, THERMAL_DOSE, "min", MODALITY_ULTRASOUND, DOWN, ZERO, ACCUMULATED,                              \
             "thermal dose: cumulative equivalent time at 43 degC")                                                    \
    /* laser */                                                                                                        \
    QUANTITY(peak_power_uw, POWER, "W", MODALITY_LASER, DOWN, ZERO, COMMANDED, "peak power of a pulsed laser")         \
    QUANTITY(wavelength_nm, LENGTH_NM, "nm", MODALITY_LASER, NONE, NONE, PROPERTY, "wavelength")                       \
    QUANTITY(spot_area_mm2, AREA, "cm2", MODALITY_LASER, UP, NONE, PROPERTY, "area of the beam on the skin")           \
    QUANTITY(irradiance_uw_cm2, INTENSITY, "W/cm2", MODALITY_LASER, DOWN, ZERO, DERIVED, "mean power over spot area")  \
    QUANTITY(radiant_exposure_uj_cm2, ENERGY_DENSITY, "J/cm2", MODALITY_LASER, DOWN, ZERO, DERIVED,                    \
             "energy of a point over spot area")                                                                       \
    QUANTITY(point_energy_uj, ENERGY, "J", MODALITY_LASER, DOWN, ZERO, COMMANDED, "energy of one treated point")       \
    QUANTITY(point_count, NUMBER, "1", MODALITY_LASER, DOWN, NONE, COMMANDED, "treated points")                        \
    QUANTITY(point_duration_ms, TIME_MS, "s", MODALITY_LASER, DOWN, NONE, COMMANDED, "time on one point")              \
    QUANTITY(interlock_closed, NUMBER, "1", MODALITY_LASER, UP, NONE, MEASURED,                                        \
             "1 while key switch and interlocks allow emission, 0 while one of them does not")                         \
    QUANTITY(readback_ratio_permille, RATIO, "1", MODALITY_LASER, DOWN, NONE, MEASURED,                                \
             "power at the photodiode over the set power")                                                             \
    /* cold */                                                                                                         \
    QUANTITY(temperature_millic, TEMPERATURE, "degC", MODALITY_COLD, UP, DECLARED, COMMANDED,                          \
             "set point of a cold unit")                                                                               \
    QUANTITY(skin_temperature_millic, TEMPERATURE, "degC", MODALITY_COLD, UP, NONE, MEASURED, "skin temperature")      \
    QUANTITY(cold_dose_millic_min, COLD_DOSE, "degC.min", MODALITY_COLD, DOWN, ZERO, ACCUMULATED,                      \
             "integral of 15 degC less skin temperature")                                                              \
    /* all */                                                                                                          \
    QUANTITY(duration_ms, TIME_MS, "min", MODALITY_ANY, DOWN, ZERO, COMMANDED, "treatment time, pauses not counted")   \
    QUANTITY(soft_start_ms, TIME_MS, "s", MODALITY_ANY, NONE, NONE, COMMANDED,                                         \
             "time in which the level is walked from rest to its first target")                                        \
    QUANTITY(session_count, NUMBER, "1", MODALITY_ANY, DOWN, ZERO, ACCUMULATED, "sessions")                            \
    QUANTITY(                                                                                                          \
        rest_interval_ms, TIME_MS, "min", MODALITY_ANY, UP, NONE, ACCUMULATED,                                         \
        "time since the last session on this site ended: of this modality, or of the therapies that a limit names "    \
        "in after")                                                                                                    \
    QUANTITY(delivery_error_permille, RATIO, "%", MODALITY_ANY, DOWN, NONE, MEASURED,                                  \
             "measured over set output, less one, without its sign")                                                   \
    QUANTITY(timer_error_ms, TIME_MS, "s", MODALITY_ANY, DOWN, NONE, MEASURED,                                         \
             "device timer against the daemon's, without its sign")                                                    \
    QUANTITY(timer_error_permille, RATIO, "%", MODALITY_ANY, DOWN, NONE, MEASURED,                                     \
             "device timer against the daemon's, over the set time, without its sign")                                 \
    QUANTITY(uptime_ms, TIME_MS, "s", MODALITY_ANY, NONE, NONE, MEASURED,                                              \
             "time since the device was switched on; a fall means that it restarted")

enum modality_quantity {
#define QUANTITY(id, dimension, display, modalities, safer, rest, basis, meaning) QUANTITY_##id,
    MODALITY_QUANTITIES(QUANTITY)
#undef QUANTITY
        QUANTITY_COUNT
};

/* One row of the table. All texts are static. */
struct modality_quantity_info {
    const char *id;                    /* "amplitude_ua": the name in INI, JSON and records */
    enum modality_dimension dimension; /* decides which unit texts are understood */
    const char *base_unit;             /* unit of the integer value: "uA" */
    const char *ucum;                  /* UCUM code of the base unit, for records and export */
    const char *display_unit;          /* unit people read: "mA" */
    unsigned modalities;               /* bits of enum modality */
    enum modality_safer safer;
    enum modality_rest rest;
    enum modality_basis basis;
    const char *meaning; /* one line for help and documentation */
};

/* The row of a quantity; q must be below QUANTITY_COUNT. Never NULL, static storage. */
const struct modality_quantity_info *modality_quantity_info(enum modality_quantity q);

/* Looks a quantity up by its id. Returns 0 and stores it in *out, or -ENOENT and leaves *out alone. */
int modality_quantity_find(const char *id, enum modality_quantity *out);

#endif
