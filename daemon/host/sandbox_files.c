/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files a host can open, by Landlock: the libraries it is made of, the node or the bus of its device, and what
 * the system lists of that. Nothing can be made, renamed or removed. What is open already stays: the socket, the lock.
 *
 * A node that is plugged in again is another file, so a serial line gets the folder of its node and USB its bus; which
 * nodes in it are the host's is up to their group (60-modalityd.rules).
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <link.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/sandbox.h"

/* Of landlock(7), for headers that are older than the kernel: versions 2 to 6. */
#define FS_TRUNCATE (UINT64_C(1) << 14)
#define FS_IOCTL_DEV (UINT64_C(1) << 15)
#define NET_BIND_TCP (UINT64_C(1) << 0)
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT_UNIX_SOCKET (UINT64_C(1) << 0)
#define SCOPE_SIGNAL (UINT64_C(1) << 1)
#define RULE_NET_PORT 2
struct ruleset {
    uint64_t access_fs, access_net, scoped;
};
struct port_rule {
    uint64_t access, port;
};

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define EXECUTE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE)
#define USE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_DIR | FS_IOCTL_DEV)
/* What exists for a file that is no directory. */
#define OF_A_FILE                                                                                                      \
    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE | FS_TRUNCATE |         \
     FS_IOCTL_DEV)

struct rules {
    int fd;
    uint64_t handled;
    int error;
};

static uint64_t rights_of_version(int version)
{
    uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
    if (version >= 2)
        rights |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3)
        rights |= FS_TRUNCATE;
    if (version >= 5)
        rights |= FS_IOCTL_DEV;
    return rights;
}

/* What is not there needs no rule. */
static void allow(struct rules *rules, const char *path, uint64_t rights)
{
    struct stat st;
    /* the kernel's own files, also where a library stands between programs and /dev to play a bus */
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return;
    struct landlock_path_beneath_attr rule = {.allowed_access = rights & rules->handled, .parent_fd = fd};
    if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
        rule.allowed_access &= OF_A_FILE;
    if (syscall(SYS_landlock_add_rule, rules->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0 && rules->error == 0)
        rules->error = -errno;
    close(fd);
}

/* The program, its interpreter and its libraries, preloaded ones too: a re-execution loads them again. */
static int object_allow(struct dl_phdr_info *info, size_t size, void *userdata)
{
    (void)size;
    allow(userdata, info->dlpi_name[0] ? info->dlpi_name : "/proc/self/exe", EXECUTE);
    return 0;
}

static void program_allow(struct rules *rules, const char *plugin_path)
{
    static const char *const libraries[] = {"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"};
    char folder[PATH_MAX];
    dl_iterate_phdr(object_allow, rules);
    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++)
        allow(rules, libraries[i], READ);
    allow(rules, "/etc/ld.so.cache", LANDLOCK_ACCESS_FS_READ_FILE);
    allow(rules, "/etc/ld.so.preload", LANDLOCK_ACCESS_FS_READ_FILE);
    allow(rules, "/dev/null", LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE);
    allow(rules, "/dev/urandom", LANDLOCK_ACCESS_FS_READ_FILE);
    allow(rules, "/proc", LANDLOCK_ACCESS_FS_READ_FILE); /* the guard; others' memory is out of reach all the same */
    allow(rules, plugin_path, LANDLOCK_ACCESS_FS_READ_FILE); /* where a symbolic link leads to */
    snprintf(folder, sizeof(folder), "%s", plugin_path);
    allow(rules, dirname(folder), READ);
}

/*
 * The folder that the node is in, seen through symbolic links: a name may come to lead to another node there. One that
 * leads nowhere yet will lead somewhere below /dev.
 */
static void terminal_allow(struct rules *rules, const char *path)
{
    char *node = realpath(path, NULL);
    allow(rules, node && strncmp(node, "/dev/pts/", 9) == 0 ? "/dev/pts" : "/dev", USE);
    if (node && strncmp(node, "/dev/", 5) != 0)
        allow(rules, node, USE);
    free(node);
}

static void bus_allow(struct rules *rules, enum sandbox_reach reach)
{
    const char *simulated =
        getenv("UMOCKDEV_DIR"); /* a bus that a program plays: there it is, and not where it seems */
    if (simulated) {
        allow(rules, simulated, rules->handled);
        allow(rules, "/dev/pts", USE); /* its nodes are terminals */
        return;
    }
    allow(rules, "/sys", READ);
    allow(rules, "/run/udev", READ);
    if (reach == SANDBOX_USB)
        allow(rules, access("/dev/bus/usb", F_OK) == 0 ? "/dev/bus/usb" : "/dev", USE); /* made with the first bus */
    else
        allow(rules, "/dev", LANDLOCK_ACCESS_FS_READ_DIR);
}

static void device_allow(struct rules *rules, const struct sandbox *sandbox)
{
    switch (sandbox->reach) {
    case SANDBOX_NO_DEVICE:
    case SANDBOX_TCP:
        return;
    case SANDBOX_SERIAL:
        terminal_allow(rules, sandbox->link + strlen("serial:"));
        return;
    case SANDBOX_LIST:
    case SANDBOX_USB:
        bus_allow(rules, sandbox->reach);
        return;
    }
}

/* "tcp:127.0.0.1:502", "tcp:[::1]:502" */
static void port_allow(struct rules *rules, const char *link)
{
    const char *colon = strrchr(link, ':');
    const struct port_rule rule = {.access = NET_CONNECT_TCP, .port = colon ? strtoul(colon + 1, NULL, 10) : 0};
    if (syscall(SYS_landlock_add_rule, rules->fd, RULE_NET_PORT, &rule, 0) < 0 && rules->error == 0)
        rules->error = -errno;
}

static struct ruleset ruleset_of(int version, const struct sandbox *sandbox)
{
    struct ruleset set = {.access_fs = rights_of_version(version)};
    if (version >= 4)
        set.access_net = NET_BIND_TCP | NET_CONNECT_TCP;
    if (version >= 6) /* the one that it may have to end is not inside */
        set.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | (sandbox->holder_fd < 0 ? SCOPE_SIGNAL : 0);
    return set;
}

int sandbox_files(const struct sandbox *sandbox)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 0)
        return -errno;
    struct ruleset set = ruleset_of((int)version, sandbox);
    struct rules rules = {.handled = set.access_fs};
    rules.fd = (int)syscall(SYS_landlock_create_ruleset, &set, sizeof(set), 0);
    if (rules.fd < 0)
        return -errno;
    program_allow(&rules, sandbox->plugin_path);
    device_allow(&rules, sandbox);
    if (sandbox->reach == SANDBOX_TCP && set.access_net != 0)
        port_allow(&rules, sandbox->link);
    if (syscall(SYS_landlock_restrict_self, rules.fd, 0) < 0 && rules.error == 0)
        rules.error = -errno;
    close(rules.fd);
    return rules.error < 0 ? rules.error : (int)version;
}
