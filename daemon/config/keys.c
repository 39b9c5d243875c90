/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of sections and keys. Ranges and defaults are written as a person would write them and are read by the
 * same parser as the files; a test walks the table and reads every one of them.
 */
#include "config/keys.h"

#include <errno.h>
#include <string.h>

static const struct section_info sections[SECTION_COUNT] = {
    [SECTION_DAEMON] = {"daemon", NULL, "times, paths and habits of the daemon", false},
    [SECTION_ROLE] = {"role", "<name>", "who may do what on the socket", false},
    [SECTION_LIMIT] = {"limit", "<id>", "a bound on one quantity, with its source", false},
    [SECTION_ACCEPT] = {"accept", "<limit id>", "the installation accepts an unverified limit", false},
    [SECTION_PROTOCOL] = {"protocol", "<id>", "a treatment to choose from: a range and a default per quantity", false},
    [SECTION_BUNDLE] = {"bundle", "<id>", "protocols that belong together for one indication", false},
    [SECTION_CONDITION] = {"condition", "<id>", "what a condition of the patient means for each kind of therapy",
                           false},
    [SECTION_QUESTION] = {"question", "<id>", "a screening question and what its answers declare", false},
    [SECTION_SITE] = {"site", "<id>", "a body site", false},
    [SECTION_APPLICATOR] = {"applicator", "<id>", "an ultrasound head or laser probe with its calibration", false},
    [SECTION_DEVICE] = {"device", "<id>", "a unit of the clinic; other keys are its plugin's", true},
    [SECTION_MAP] = {"map", "<id>", "a register map; its keys are the plugin's", true},
    [SECTION_POINT] = {"point", "<map>.<name>", "a point of a register map; its keys are the plugin's", true},
};

#define NO_QUANTITY QUANTITY_COUNT
#define TIME QUANTITY_duration_ms

/* Columns of the screening matrix and their keys are the same words. */
#define CODE(column, therapy)                                                                                          \
    {                                                                                                                  \
        column, SECTION_CONDITION, KEY_WORD, NO_QUANTITY, true, NULL, NULL, NULL, "A, P, XL, X",                       \
            "code for " therapy                                                                                        \
            ": A allowed, P precaution, XL contraindicated at or across the site, X contraindicated"                   \
    }
/* A time of the daemon: key, default, range, meaning. */
#define PERIOD(key, initial, low, high, meaning)                                                                       \
    {                                                                                                                  \
        key, SECTION_DAEMON, KEY_VALUE, TIME, false, initial, low, high, NULL, meaning                                 \
    }
#define TEXT(section, key, required, meaning)                                                                          \
    {                                                                                                                  \
        key, section, KEY_TEXT, NO_QUANTITY, required, NULL, NULL, NULL, NULL, meaning                                 \
    }
#define WORD(section, key, required, initial, words, meaning)                                                          \
    {                                                                                                                  \
        key, section, KEY_WORD, NO_QUANTITY, required, initial, NULL, NULL, words, meaning                             \
    }
#define LIST(section, key, required, words, meaning)                                                                   \
    {                                                                                                                  \
        key, section, KEY_LIST, NO_QUANTITY, required, NULL, NULL, NULL, words, meaning                                \
    }
#define IDENT(section, key, required, words, meaning)                                                                  \
    {                                                                                                                  \
        key, section, KEY_ID, NO_QUANTITY, required, NULL, NULL, NULL, words, meaning                                  \
    }
#define DATE(section, key, required, meaning)                                                                          \
    {                                                                                                                  \
        key, section, KEY_DATE, NO_QUANTITY, required, NULL, NULL, NULL, NULL, meaning                                 \
    }
#define VALUE(section, key, quantity, low, high, meaning)                                                              \
    {                                                                                                                  \
        key, section, KEY_VALUE, quantity, false, NULL, low, high, NULL, meaning                                       \
    }
/* A property of a device that its section may report: the key is the quantity. */
#define REPORTED(id, low, high, meaning) VALUE(SECTION_DEVICE, #id, QUANTITY_##id, low, high, meaning)
#define PATH(key, initial, meaning)                                                                                    \
    {                                                                                                                  \
        key, SECTION_DAEMON, KEY_PATH, NO_QUANTITY, false, initial, NULL, NULL, NULL, meaning                          \
    }

static const struct key_info keys[] = {
    PATH("socket", "/run/modalityd/socket", "the Unix socket for clients"),
    {"socket_mode", SECTION_DAEMON, KEY_MODE, NO_QUANTITY, false, "0660", "0600", "0666", NULL,
     "file mode of the socket; roles decide what a connected peer may do"},
    TEXT(SECTION_DAEMON, "socket_group", false, "group that owns the socket; default: the daemon's own"),
    PATH("state_dir", "/var/lib/modalityd", "records, locks and whatever must outlive the daemon"),
    PATH("plugin_dir", MODALITY_LIBDIR "/plugins", "where device plugins lie"),
    PATH("audit_head", NULL, "second file for the head of the audit chain; default: audit-head in state_dir"),
    PERIOD("telemetry", "50 ms", "20 ms", "1 s", "period in which a running device is read"),
    PERIOD("permit", "400 ms", "100 ms", "2 s", "how long an output may stay on without the daemon's word"),
    PERIOD("slice", "50 ms", "10 ms", "500 ms", "time that one call into a plugin is granted; a device may need more"),
    PERIOD("grace", "50 ms", "10 ms", "500 ms", "time beyond the slice until a hanging plugin is abandoned"),
    PERIOD("lease", "3 s", "500 ms", "30 s", "how long a session runs without a sign of life of its client"),
    PERIOD("lease_pause", "60 s", "1 s", "10 min", "a session paused by a lost lease ends after this"),
    PERIOD("token", "120 s", "10 s", "10 min", "how long a prepared treatment may wait for its confirmation"),
    PERIOD("quarantine", "2 s", "2 s", "1 min", "make-safe is repeated at least this long after an unclear write"),
    PERIOD("record_late", "2 s", "200 ms", "10 s",
           "a record written this late refuses new starts and stops running sessions"),
    {"connections_per_uid", SECTION_DAEMON, KEY_COUNT, NO_QUANTITY, false, "16", "1", "256", NULL,
     "connections of one user beyond which a further one may only stop"},
    WORD(SECTION_DAEMON, "hold_sleep", false, "yes", "yes, no",
         "delay sleep and shutdown (logind) while an output is energised"),
    WORD(SECTION_DAEMON, "fence", false, "yes", "yes, no",
         "keep plugins away from all but their device: own user, files, system calls, memory"),
    TEXT(SECTION_DAEMON, "host_user", false,
         "user of the hosts where the daemon is started as root; default: modalityd-host, if there is one"),
    WORD(SECTION_DAEMON, "lock_memory", false, "no", "yes, no",
         "never wait for memory that was swapped out: daemon and hosts stay in memory"),
    {"realtime_priority", SECTION_DAEMON, KEY_COUNT, NO_QUANTITY, false, NULL, "1", "40", NULL,
     "run before every ordinary program: the daemon with this priority under SCHED_FIFO, hosts with one more"},
    LIST(SECTION_DAEMON, "alarm_command", false, "program and arguments",
         "run for each alarm: an absolute path and fixed arguments; no shell"),

    WORD(SECTION_ROLE, "right", true, NULL, "viewer, therapist, engineer", "what the peers named here may do"),
    LIST(SECTION_ROLE, "users", false, "names, numbers, *", "user names or numbers; * is everyone"),
    LIST(SECTION_ROLE, "groups", false, "names, numbers", "group names or numbers"),
    WORD(SECTION_ROLE, "may_act_for", false, "no", "yes, no", "may name an operator other than itself"),

    WORD(SECTION_LIMIT, "modality", true, NULL, "estim, ultrasound, laser, cold, any", "what it applies to"),
    IDENT(SECTION_LIMIT, "quantity", true, "quantity", "what is bounded"),
    VALUE(SECTION_LIMIT, "max", NO_QUANTITY, NULL, NULL,
          "highest value allowed; a limit has max, min or both, one of class info or device may have neither"),
    VALUE(SECTION_LIMIT, "min", NO_QUANTITY, NULL, NULL, "lowest value allowed"),
    WORD(SECTION_LIMIT, "scope", true, NULL, "per-pulse, instantaneous, per-session, per-24h, configuration",
         "over what the quantity is judged"),
    WORD(SECTION_LIMIT, "class", true, NULL, "hard, notice, target, info, device",
         "hard refuses and stops; notice asks for an acknowledgement; target and info are shown; device refuses what "
         "the [device] section reports beyond it"),
    TEXT(SECTION_LIMIT, "source", true, "where the number comes from"),
    WORD(SECTION_LIMIT, "verified", true, NULL, "yes, no, choice",
         "read in the source, from memory only, or a choice of this project; a hard no locks what rests on it"),
    LIST(SECTION_LIMIT, "when.waveform", false, "waveform", "applies to these waveform classes only"),
    LIST(SECTION_LIMIT, "when.therapy", false, "therapy", "applies to these therapies only"),
    LIST(SECTION_LIMIT, "when.site", false, "site", "applies at these body sites and their parts only"),
    LIST(SECTION_LIMIT, "when.condition", false, "condition", "applies if one of these conditions is declared"),
    LIST(SECTION_LIMIT, "when.applicator", false, "applicator", "applies with these applicators only"),
    WORD(SECTION_LIMIT, "when.thermal", false, NULL, "no", "no: not applied to a protocol that says it is thermal"),
    WORD(SECTION_LIMIT, "when.output_indicator", false, NULL, "no",
         "no: applies only to a device whose section says output_indicator = no"),
    LIST(SECTION_LIMIT, "after", false, "therapy",
         "of rest_interval_ms: counts from the end of these therapies, of whatever modality, on a site touched"),
    {"when.<quantity>", SECTION_LIMIT, KEY_BAND, NO_QUANTITY, false, NULL, NULL, NULL, NULL,
     "applies while this quantity lies above the first and up to the second value"},

    TEXT(SECTION_ACCEPT, "by", true, "who accepts"),
    DATE(SECTION_ACCEPT, "date", true, "day of the acceptance"),

    TEXT(SECTION_PROTOCOL, "label", true, "what people read"),
    TEXT(SECTION_PROTOCOL, "revision", true, "changed whenever the protocol is"),
    IDENT(SECTION_PROTOCOL, "therapy", true, "therapy", "decides modality and screening"),
    IDENT(SECTION_PROTOCOL, "waveform", true, "waveform", "decides the dose formulas"),
    {"channels", SECTION_PROTOCOL, KEY_COUNTS, NO_QUANTITY, false, "1", "1", "8", NULL, "channels of the output"},
    WORD(SECTION_PROTOCOL, "thermal", false, "no", "yes, no", "meant to heat tissue"),
    {"contact_hold", SECTION_PROTOCOL, KEY_VALUE, TIME, false, "10 s", "0 s", "1 min", NULL,
     "ultrasound: contact that returns within this time resumes; 0 s = never"},
    WORD(SECTION_PROTOCOL, "lease_loss", false, "end", "end, pause", "what a lost client does to the session"),
    {"rest_min", SECTION_PROTOCOL, KEY_VALUE, TIME, true, NULL, "0 min", "10080 min", NULL,
     "least time between two sessions on one site"},
    {"sessions_per_day", SECTION_PROTOCOL, KEY_COUNT, NO_QUANTITY, true, NULL, "1", "24", NULL,
     "most sessions in 24 h on one site"},
    LIST(SECTION_PROTOCOL, "sites", false, "site", "where it may be used; default: everywhere"),
    IDENT(SECTION_PROTOCOL, "indication", false, "text", "what it is for; asks the questions bound to it"),
    TEXT(SECTION_PROTOCOL, "source", true, "where its figures come from"),
    WORD(SECTION_PROTOCOL, "verified", true, NULL, "yes, no, choice", "as for a limit"),
    {"<quantity>", SECTION_PROTOCOL, KEY_PARAMETER, NO_QUANTITY, false, NULL, NULL, NULL, NULL,
     "range and default of a commanded quantity, an electrode area, a wavelength or an iontophoresis dose"},

    TEXT(SECTION_BUNDLE, "label", true, "what people read"),
    IDENT(SECTION_BUNDLE, "indication", false, "text", "what it is for"),
    LIST(SECTION_BUNDLE, "protocols", true, "protocol", "its parts; each is a session of its own"),
    TEXT(SECTION_BUNDLE, "notes", false, "what to mind when choosing among the parts"),
    TEXT(SECTION_BUNDLE, "source", true, "where it comes from"),

    TEXT(SECTION_CONDITION, "label", true, "what people read"),
    CODE("tens", "TENS, interferential and microcurrent"),
    CODE("nmes", "NMES and Russian stimulation"),
    CODE("ion", "iontophoresis and direct current"),
    CODE("ust", "thermal ultrasound"),
    CODE("usp", "pulsed, non-thermal ultrasound"),
    CODE("lip", "low-intensity pulsed ultrasound"),
    CODE("las", "laser"),
    CODE("cry", "cold"),
    LIST(SECTION_CONDITION, "local_sites", false, "site",
         "the sites at which XL holds; without it the answer says whether the condition is there"),
    LIST(SECTION_CONDITION, "from.<path>", false, "site",
         "electrodes at one of these sites and at one of to.<path> declare the condition, whatever was answered"),
    LIST(SECTION_CONDITION, "to.<path>", false, "site", "the other end of from.<path>"),
    LIST(SECTION_CONDITION, "left_right", false, "site",
         "a channel with electrodes at these sites that may lie on opposite sides declares it too"),
    LIST(SECTION_CONDITION, "unverified", false, "column", "codes above that nobody has read in a source"),
    TEXT(SECTION_CONDITION, "source", true, "where the codes come from"),

    TEXT(SECTION_QUESTION, "text", true, "the question"),
    LIST(SECTION_QUESTION, "answers", true, "answer", "what can be answered, beside unknown"),
    IDENT(SECTION_QUESTION, "restrictive", true, "answer", "the answer that no answer, or unknown, counts as"),
    {"answer.<answer>", SECTION_QUESTION, KEY_LIST, NO_QUANTITY, false, NULL, NULL, NULL, "condition, here",
     "the condition that this answer declares; here = at or across the treated site"},
    LIST(SECTION_QUESTION, "columns", false, "column", "asked for these kinds of therapy"),
    LIST(SECTION_QUESTION, "therapies", false, "therapy",
         "and for these therapies, whatever their column; default of both together: all"),
    LIST(SECTION_QUESTION, "sites", false, "site", "asked at these sites; default: all"),
    LIST(SECTION_QUESTION, "except_sites", false, "site", "asked at all sites but these, whichever else there are"),
    IDENT(SECTION_QUESTION, "indication", false, "text", "asked only for this indication; default: always asked"),
    IDENT(SECTION_QUESTION, "unless_indication", false, "text", "not asked for this indication"),
    {"valid_days", SECTION_QUESTION, KEY_COUNT, NO_QUANTITY, false, NULL, "1", "3650", NULL,
     "the answer carries the day of its test or image, at most so many days back; default: no day is asked for"},

    TEXT(SECTION_SITE, "label", true, "what people read"),
    WORD(SECTION_SITE, "sides", false, "yes", "yes, no", "has a left and a right"),
    LIST(SECTION_SITE, "part_of", false, "site", "the sites that it lies in: what is given there is given here too"),

    WORD(SECTION_APPLICATOR, "modality", true, NULL, "ultrasound, laser", "what it applies"),
    TEXT(SECTION_APPLICATOR, "serial", true, "serial number"),
    TEXT(SECTION_APPLICATOR, "kind", true, "what it is, for people"),
    VALUE(SECTION_APPLICATOR, "era_mm2", QUANTITY_era_mm2, "0.1 cm2", "20 cm2", "effective radiating area, ultrasound"),
    VALUE(SECTION_APPLICATOR, "bnr_permille", QUANTITY_bnr_permille, "1", "20", "beam non-uniformity, ultrasound"),
    VALUE(SECTION_APPLICATOR, "max_temperature_millic", QUANTITY_applicator_temperature_millic, "20 degC", "43 degC",
          "surface temperature that it may reach"),
    VALUE(SECTION_APPLICATOR, "spot_area_mm2", QUANTITY_spot_area_mm2, "0.01 cm2", "100 cm2", "spot area, laser"),
    VALUE(SECTION_APPLICATOR, "wavelength_nm", QUANTITY_wavelength_nm, "400 nm", "1100 nm", "wavelength, laser"),
    LIST(SECTION_APPLICATOR, "frequencies", false, "up to four frequencies", "working frequencies, ultrasound"),
    DATE(SECTION_APPLICATOR, "calibration_due", true, "not used after this day"),
    IDENT(SECTION_APPLICATOR, "device", false, "device", "the device it belongs to; default: any"),

    IDENT(SECTION_DEVICE, "plugin", true, "plugin", "the plugin that drives it"),
    TEXT(
        SECTION_DEVICE, "link", true,
        "tcp:HOST:PORT, serial:/dev/NAME, or usb:VVVV:PPPP with ,serial=TEXT or ,port=BUS-PORT or both, and + before a "
        "second device of the same unit"),
    {"unit", SECTION_DEVICE, KEY_COUNT, NO_QUANTITY, false, "1", "0", "255", NULL, "its address on the link"},
    IDENT(SECTION_DEVICE, "map", false, "map", "the register map it speaks"),
    TEXT(SECTION_DEVICE, "serial", false, "the serial number it must answer with"),
    WORD(SECTION_DEVICE, "simulated", false, "no", "yes, no", "not real hardware; shown in every session"),
    TEXT(SECTION_DEVICE, "label", true, "what people call it"),
    TEXT(SECTION_DEVICE, "location", false, "bay or room"),
    TEXT(SECTION_DEVICE, "colour_tag", false, "colour of its tag"),
    DATE(SECTION_DEVICE, "calibrated_on", false, "last calibration"),
    DATE(SECTION_DEVICE, "calibration_due", false, "no treatment after this day"),
    DATE(SECTION_DEVICE, "safety_test_due", false, "no treatment after this day"),
    LIST(SECTION_DEVICE, "firmware", false, "versions", "firmware versions that were verified; default: any"),
    WORD(SECTION_DEVICE, "output_indicator", false, NULL, "yes, no",
         "whether it shows by itself that its output is on; default: not said"),
    REPORTED(patient_leakage_ua, "0 uA", "10 mA", "patient leakage current, normal condition, from its safety test"),
    REPORTED(patient_leakage_fault_ua, "0 uA", "10 mA", "the same in single-fault condition"),
    REPORTED(diathermy_distance_mm, "0 m", "100 m", "from its place to the nearest short-wave or microwave unit"),
    REPORTED(unwanted_radiation_uw_cm2, "0 mW/cm2", "10 W/cm2", "ultrasound that its handle gives off, from its test"),
    REPORTED(supply_variation_permille, "0 %", "100 %", "change of power for 10 % of supply, from its test"),
    REPORTED(minimum_setting_permille, "0 %", "100 %", "its smallest output other than rest over its largest"),
    REPORTED(accuracy_floor_permille, "0 %", "100 %", "share of its maximum above which its accuracy is stated"),
    LIST(SECTION_DEVICE, "accept_link_loss", false, "name, YYYY-MM-DD",
         "who accepted, and when, that it may go on without its link or after a stop"),
};

const struct section_info *keys_section(enum key_section s)
{
    return &sections[s];
}

int keys_section_find(const char *name, size_t length, enum key_section *out)
{
    for (unsigned i = 0; i < SECTION_COUNT; i++) {
        if (strlen(sections[i].name) == length && memcmp(sections[i].name, name, length) == 0) {
            *out = (enum key_section)i;
            return 0;
        }
    }
    return -ENOENT;
}

const struct key_info *keys_all(size_t *n)
{
    *n = sizeof(keys) / sizeof(keys[0]);
    return keys;
}

/* Whether key is an instance of a pattern with one placeholder at its end. */
static bool pattern_fits(const char *pattern, const char *key)
{
    const char *hole = strchr(pattern, '<');
    if (hole == NULL || strncmp(pattern, key, (size_t)(hole - pattern)) != 0)
        return false;
    const char *rest = key + (hole - pattern);
    enum modality_quantity q;
    if (strcmp(hole, "<quantity>") == 0)
        return modality_quantity_find(rest, &q) == 0;
    return *rest != '\0';
}

const struct key_info *keys_find(enum key_section section, const char *key)
{
    const struct key_info *pattern = NULL;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (keys[i].section != section)
            continue;
        if (strcmp(keys[i].key, key) == 0 && strchr(key, '<') == NULL)
            return &keys[i];
        if (pattern_fits(keys[i].key, key))
            pattern = &keys[i];
    }
    return pattern;
}

const struct key_info *keys_of_title(const char *title, const char *key)
{
    enum key_section section;
    if (keys_section_find(title, strcspn(title, " "), &section) < 0)
        return NULL;
    return keys_find(section, key);
}

const char *keys_type_text(enum key_type type)
{
    switch (type) {
    case KEY_TEXT:
        return "text";
    case KEY_ID:
        return "an id";
    case KEY_WORD:
        return "one of";
    case KEY_LIST:
        return "a list with commas";
    case KEY_VALUE:
        return "a decimal with a unit";
    case KEY_BAND:
        return "A..B with units, either end may be left out";
    case KEY_PARAMETER:
        return "a value, or A..B, default C, with units";
    case KEY_COUNT:
        return "a whole number";
    case KEY_COUNTS:
        return "a whole number or A..B";
    case KEY_DATE:
        return "YYYY-MM-DD";
    case KEY_PATH:
        return "an absolute path";
    case KEY_MODE:
        return "an octal mode";
    }
    return "";
}

static void key_print(FILE *out, const struct key_info *k)
{
    fprintf(out, "  %s = %s", k->key, keys_type_text(k->type));
    if (k->words != NULL)
        fprintf(out, ": %s", k->words);
    if (k->low != NULL && k->high != NULL)
        fprintf(out, ", %s to %s", k->low, k->high);
    if (k->required)
        fprintf(out, " (required)");
    if (k->initial != NULL)
        fprintf(out, " (default %s)", k->initial);
    fprintf(out, "\n      %s\n", k->meaning);
}

void config_keys_print(FILE *out)
{
    fprintf(out,
            "Every *.ini file of the configuration directory and of the folders in it is read. A line is a section\n"
            "header, key = value, or a comment that starts with # or ; at its first byte. Numbers carry units.\n");
    for (unsigned s = 0; s < SECTION_COUNT; s++) {
        const struct section_info *info = &sections[s];
        fprintf(out, "\n[%s%s%s]  %s\n", info->name, info->id == NULL ? "" : " ", info->id == NULL ? "" : info->id,
                info->meaning);
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
            if (keys[i].section == (enum key_section)s)
                key_print(out, &keys[i]);
    }
}
