/* SPDX-License-Identifier: Apache-2.0 */
/* [role <name>]: names to numbers once, at load; an unknown name is a fault, since it would silently give no right. */
#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "config/field.h"

#define ID_MAX INT64_C(4294967294) /* 2^32 - 1 means "no id" to the kernel */

static bool user_find(const char *name, uid_t *out)
{
    int64_t number;
    const struct passwd *entry;
    if (count_parse(name, ID_MAX, &number) == 0) {
        *out = (uid_t)number;
        return true;
    }
    entry = getpwnam(name);
    if (entry != NULL)
        *out = entry->pw_uid;
    return entry != NULL;
}

static bool group_find(const char *name, gid_t *out)
{
    int64_t number;
    const struct group *entry;
    if (count_parse(name, ID_MAX, &number) == 0) {
        *out = (gid_t)number;
        return true;
    }
    entry = getgrnam(name);
    if (entry != NULL)
        *out = entry->gr_gid;
    return entry != NULL;
}

static void build_users(struct load *load, const struct raw_section *s, struct config_role *role)
{
    const char *const *names;
    size_t n;
    struct place at;
    if (!field_list(load, s, "users", &names, &n, &at))
        return;
    uid_t *uids = arena_array(load->arena, n, sizeof(*uids));
    for (size_t i = 0; i < n && uids != NULL; i++) {
        if (strcmp(names[i], "*") == 0)
            role->everyone = true;
        else if (user_find(names[i], &uids[role->n_uids]))
            role->n_uids++;
        else
            fault_add(&load->faults, at, "users: there is no user \"%s\" on this machine", names[i]);
    }
    role->uids = uids;
}

static void build_groups(struct load *load, const struct raw_section *s, struct config_role *role)
{
    const char *const *names;
    size_t n;
    struct place at;
    if (!field_list(load, s, "groups", &names, &n, &at))
        return;
    gid_t *gids = arena_array(load->arena, n, sizeof(*gids));
    for (size_t i = 0; i < n && gids != NULL; i++) {
        if (group_find(names[i], &gids[role->n_gids]))
            role->n_gids++;
        else
            fault_add(&load->faults, at, "groups: there is no group \"%s\" on this machine", names[i]);
    }
    role->gids = gids;
}

static void build_role(struct load *load, const struct raw_section *s, struct config_role *role)
{
    unsigned right;
    role->id = s->id;
    role->origin = s->at.origin;
    if (field_word(load, s, "right", &right))
        role->right = (enum config_right)(right + RIGHT_VIEWER);
    field_yes(load, s, "may_act_for", &role->may_act_for);
    build_users(load, s, role);
    build_groups(load, s, role);
    if (section_line(s, "users") == NULL && section_line(s, "groups") == NULL)
        fault_add(&load->faults, s->at, "[%s] names nobody: it needs users or groups", s->title);
    if (role->everyone && role->may_act_for)
        fault_add(&load->faults, s->at, "[%s] would let everyone act for another operator", s->title);
}

void build_roles(struct load *load)
{
    struct config_role *roles = arena_array(load->arena, section_count(load, SECTION_ROLE), sizeof(struct config_role));
    const struct raw_section *s;
    size_t next = 0, n = 0;
    if (roles == NULL)
        return;
    while ((s = section_next(load, SECTION_ROLE, &next)) != NULL)
        build_role(load, s, &roles[n++]);
    load->config->roles = roles;
    load->config->n_roles = n;
}

static bool role_names(const struct config_role *role, uid_t uid, const gid_t *gids, size_t n_gids)
{
    if (role->everyone)
        return true;
    for (size_t i = 0; i < role->n_uids; i++)
        if (role->uids[i] == uid)
            return true;
    for (size_t i = 0; i < role->n_gids; i++)
        for (size_t j = 0; j < n_gids; j++)
            if (role->gids[i] == gids[j])
                return true;
    return false;
}

const struct config_role *config_role_of(const struct config *config, uid_t uid, const gid_t *gids, size_t n_gids)
{
    const struct config_role *best = NULL;
    for (size_t i = 0; i < config->n_roles; i++) {
        const struct config_role *role = &config->roles[i];
        if (!role_names(role, uid, gids, n_gids))
            continue;
        if (best == NULL || role->right > best->right ||
            (role->right == best->right && role->may_act_for && !best->may_act_for))
            best = role;
    }
    return best;
}

const char *config_right_id(enum config_right r)
{
    switch (r) {
    case RIGHT_NONE:
        return "none";
    case RIGHT_VIEWER:
        return "viewer";
    case RIGHT_THERAPIST:
        return "therapist";
    case RIGHT_ENGINEER:
        return "engineer";
    }
    return "none";
}
