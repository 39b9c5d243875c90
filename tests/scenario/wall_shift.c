/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into a program under test: its wall clock is the machine's plus the milliseconds that stand, as an int64,
 * in the file named by MODALITY_WALL_SHIFT. The other clocks are the machine's, and so is everybody else's time.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS 1000000
#define NS_PER_S 1000000000

static const volatile int64_t *shift_ms;

__attribute__((constructor)) static void open_shift(void)
{
    const char *path = getenv("MODALITY_WALL_SHIFT");
    const int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *page = fd >= 0 ? mmap(NULL, sizeof(*shift_ms), PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

    if (fd >= 0)
        close(fd);
    if (page != MAP_FAILED)
        shift_ms = page;
}

int clock_gettime(clockid_t id, struct timespec *out)
{
    const int r = (int)syscall(SYS_clock_gettime, id, out);

    if (r == 0 && id == CLOCK_REALTIME && shift_ms) {
        const int64_t ns = out->tv_nsec + *shift_ms * NS_PER_MS;
        out->tv_sec += ns / NS_PER_S - (ns % NS_PER_S < 0);
        out->tv_nsec = ns % NS_PER_S + (ns % NS_PER_S < 0 ? NS_PER_S : 0);
    }
    return r;
}
