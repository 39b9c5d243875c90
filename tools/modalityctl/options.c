/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of a subcommand. What is given twice, unknown, without a value or not UTF-8 is an error: a treatment is never
 * built from half of what was typed.
 */
#include <stdio.h>
#include <string.h>

#include "ctl.h"

enum option_kind { OPTION_UNKNOWN, OPTION_ONCE, OPTION_REPEATED, OPTION_FLAG };

static enum option_kind option_kind(const char *names, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = names; *at; at += strcspn(at, " "), at += strspn(at, " ")) {
        const size_t n = strcspn(at, " *!");
        if (n == length && memcmp(at, name, n) == 0)
            return at[n] == '*' ? OPTION_REPEATED : at[n] == '!' ? OPTION_FLAG : OPTION_ONCE;
    }
    return OPTION_UNKNOWN;
}

static bool complain(const char *command, const char *what, const char *option)
{
    fprintf(stderr, "modalityctl %s: %s %s (see modalityctl %s --help)\n", command, what, option, command);
    return false;
}

static bool complain_of(const char *command, const char *what, const char *name)
{
    char option[80];
    snprintf(option, sizeof option, "--%s", name);
    return complain(command, what, option);
}

static bool is_text(const char *value)
{
    json_t *text = json_string(value);
    json_decref(text);
    return text != NULL;
}

static bool take(const char *command, const char *names, const char *name, const char *value,
                 struct ctl_options *options)
{
    const enum option_kind kind = option_kind(names, name);
    if (kind == OPTION_UNKNOWN)
        return complain_of(command, "unknown option", name);
    if (kind == OPTION_FLAG && value)
        return complain_of(command, "no value is wanted for", name);
    if (kind == OPTION_FLAG)
        value = "";
    if (!value)
        return complain_of(command, "a value is needed for", name);
    if (!is_text(value))
        return complain_of(command, "not UTF-8 text:", name);
    if (kind != OPTION_REPEATED && ctl_option(options, name))
        return complain_of(command, "given twice:", name);
    if (options->n == CTL_OPTIONS_MAX)
        return complain_of(command, "too many options at", name);
    options->items[options->n].name = name;
    options->items[options->n++].value = value;
    return true;
}

/* One option at argv[0]; *used is how many arguments it took. --json and --yes are understood everywhere. */
static bool option_read(struct ctl *ctl, const char *command, const char *names, int left, char **argv,
                        struct ctl_options *options, int *used)
{
    *used = 1;
    if (strcmp(argv[0], "--json") == 0)
        return ctl->json = true;
    if (strcmp(argv[0], "--yes") == 0)
        return ctl->yes = true;
    char *equals = strchr(argv[0], '=');
    if (equals) {
        *equals = '\0';
        return take(command, names, argv[0] + 2, equals + 1, options);
    }
    const bool flag = option_kind(names, argv[0] + 2) == OPTION_FLAG;
    *used = flag ? 1 : 2;
    return take(command, names, argv[0] + 2, !flag && left > 1 && strncmp(argv[1], "--", 2) != 0 ? argv[1] : NULL,
                options);
}

bool options_read(struct ctl *ctl, const char *command, const char *names, size_t words_max, int argc, char **argv,
                  struct ctl_options *options)
{
    *options = (struct ctl_options){0};
    for (int i = 0, used; i < argc; i += used) {
        used = 1;
        if (strncmp(argv[i], "--", 2) == 0) {
            if (!option_read(ctl, command, names, argc - i, argv + i, options, &used))
                return false;
        } else if (options->n_words == words_max || !is_text(argv[i])) {
            return complain(command, "unexpected argument", argv[i]);
        } else {
            options->words[options->n_words++] = argv[i];
        }
    }
    return true;
}

const char *ctl_option(const struct ctl_options *options, const char *name)
{
    for (size_t i = 0; i < options->n; i++) {
        if (strcmp(options->items[i].name, name) == 0)
            return options->items[i].value;
    }
    return NULL;
}

const char *ctl_option_needed(const struct ctl_options *options, const char *name)
{
    const char *value = ctl_option(options, name);
    if (!value)
        fprintf(stderr, "modalityctl: --%s is needed\n", name);
    return value;
}

const char *ctl_word_needed(const struct ctl_options *options, const char *what)
{
    if (options->n_words == 1)
        return options->words[0];
    fprintf(stderr, "modalityctl: %s is needed\n", what);
    return NULL;
}
