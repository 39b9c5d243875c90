/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket in the file system: who may take it over, who owns it, what is removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/socket.h"

struct place {
    char dir[64], path[100], lock[110], error[256];
    struct config_daemon settings;
    struct api_socket socket;
};

static int place_setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    snprintf(p->dir, sizeof(p->dir), "/tmp/modality-socket-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->path, sizeof(p->path), "%s/sock", p->dir);
    snprintf(p->lock, sizeof(p->lock), "%s.lock", p->path);
    p->settings = (struct config_daemon){.socket_path = p->path, .socket_mode = 0660};
    p->socket = (struct api_socket){.lock_fd = -1, .fd = -1};
    *state = p;
    return 0;
}

static int place_teardown(void **state)
{
    struct place *p = *state;
    socket_close(&p->socket);
    chmod(p->dir, 0700);
    unlink(p->path);
    unlink(p->lock);
    assert_int_equal(rmdir(p->dir), 0);
    free(p);
    return 0;
}

static int open_it(struct place *p)
{
    return socket_open(&p->settings, &p->socket, p->error, sizeof(p->error));
}

/* A socket file of somebody else; listening or stale. */
static int foreign(const struct place *p, bool listening)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", p->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    if (listening)
        assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void gets_mode_and_goes_with_the_daemon(void **state)
{
    struct place *p = *state;
    struct stat st;
    assert_int_equal(open_it(p), 0);
    assert_int_equal(stat(p->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0660);
    socket_close(&p->socket);
    assert_int_equal(access(p->path, F_OK), -1);
    assert_int_equal(access(p->lock, F_OK), 0);
}

static void a_second_daemon_is_refused_by_the_lock(void **state)
{
    struct place *p = *state;
    struct api_socket second = {.lock_fd = -1, .fd = -1};
    assert_int_equal(open_it(p), 0);
    assert_int_equal(socket_open(&p->settings, &second, p->error, sizeof(p->error)), -EADDRINUSE);
    assert_non_null(strstr(p->error, ".lock"));
    assert_int_equal(access(p->path, F_OK), 0);
}

static void a_stale_socket_is_replaced(void **state)
{
    struct place *p = *state;
    close(foreign(p, false));
    assert_int_equal(open_it(p), 0);
}

static void a_living_foreign_socket_is_left_alone(void **state)
{
    struct place *p = *state;
    int fd = foreign(p, true);
    assert_int_equal(open_it(p), -EADDRINUSE);
    assert_int_equal(access(p->path, F_OK), 0);
    close(fd);
}

static void a_file_in_its_place_is_left_alone(void **state)
{
    struct place *p = *state;
    close(open(p->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    assert_int_equal(open_it(p), -EEXIST);
    assert_int_equal(access(p->path, F_OK), 0);
}

static void a_socket_that_took_our_place_is_not_unlinked(void **state)
{
    struct place *p = *state;
    assert_int_equal(open_it(p), 0);
    unlink(p->path);
    int fd = foreign(p, true);
    socket_close(&p->socket);
    assert_int_equal(access(p->path, F_OK), 0);
    close(fd);
}

static void expect_bound_again(struct place *p)
{
    int old = -1;
    struct stat st;
    assert_false(socket_is_ours(&p->socket));
    if (socket_rebind(&p->socket, &old, p->error, sizeof(p->error)) < 0)
        fail_msg("%s", p->error);
    assert_true(old >= 0 && old != p->socket.fd);
    close(old);
    assert_true(socket_is_ours(&p->socket));
    assert_int_equal(stat(p->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0660);
}

static void a_lost_name_is_bound_again_whatever_stands_there(void **state)
{
    struct place *p = *state;
    assert_int_equal(open_it(p), 0);
    unlink(p->path);
    expect_bound_again(p);
    unlink(p->path);
    close(open(p->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    expect_bound_again(p);
    unlink(p->path);
    int fd = foreign(p, true);
    expect_bound_again(p);
    close(fd);
}

static void a_lost_directory_is_made_again_with_its_lock(void **state)
{
    struct place *p = *state;
    struct stat st;
    struct api_socket second = {.lock_fd = -1, .fd = -1};
    mode_t before = umask(077); /* as the daemon has it */
    assert_int_equal(open_it(p), 0);
    unlink(p->path);
    unlink(p->lock);
    assert_int_equal(rmdir(p->dir), 0);
    expect_bound_again(p);
    umask(before);
    assert_int_equal(stat(p->dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    assert_int_equal(socket_open(&p->settings, &second, p->error, sizeof(p->error)), -EADDRINUSE);
    assert_non_null(strstr(p->error, ".lock"));
}

static void a_name_that_another_daemon_holds_is_not_taken_from_it(void **state)
{
    struct place *p = *state;
    struct api_socket second = {.lock_fd = -1, .fd = -1};
    int old = -1;
    assert_int_equal(open_it(p), 0);
    unlink(p->path);
    unlink(p->lock);
    assert_int_equal(socket_open(&p->settings, &second, p->error, sizeof(p->error)), 0);
    assert_int_equal(socket_rebind(&p->socket, &old, p->error, sizeof(p->error)), -EADDRINUSE);
    assert_true(socket_is_ours(&second));
    assert_int_equal(old, -1);
    socket_close(&second);
    expect_bound_again(p);
}

static void what_cannot_be_removed_is_told_and_the_old_socket_stays(void **state)
{
    struct place *p = *state;
    int old = -1, fd;
    assert_int_equal(open_it(p), 0);
    fd = p->socket.fd;
    unlink(p->path);
    assert_int_equal(mkdir(p->path, 0700), 0);
    assert_true(socket_rebind(&p->socket, &old, p->error, sizeof(p->error)) < 0);
    assert_non_null(strstr(p->error, p->path));
    assert_int_equal(p->socket.fd, fd);
    assert_int_equal(rmdir(p->path), 0);
    expect_bound_again(p);
}

static void a_directory_that_others_write_is_refused(void **state)
{
    struct place *p = *state;
    chmod(p->dir, 0777);
    assert_int_equal(open_it(p), -EPERM);
    chmod(p->dir, 0770);
    assert_int_equal(open_it(p), -EPERM);
    chmod(p->dir, 01777);
    assert_int_equal(open_it(p), 0);
}

static void the_group_is_set_by_name_and_an_unknown_one_refused(void **state)
{
    struct place *p = *state;
    struct stat st;
    const struct group *own = getgrgid(getgid());
    p->settings.socket_group = "no-such-group-here";
    assert_int_equal(open_it(p), -ENOENT);
    assert_int_equal(access(p->path, F_OK), -1);
    if (own == NULL)
        skip();
    p->settings.socket_group = own->gr_name;
    assert_int_equal(open_it(p), 0);
    assert_int_equal(stat(p->path, &st), 0);
    assert_int_equal(st.st_gid, getgid());
}

static void paths_that_cannot_be_are_refused(void **state)
{
    struct place *p = *state;
    char deep[200];
    memset(deep, 'a', sizeof(deep) - 1);
    deep[0] = '/';
    deep[sizeof(deep) - 1] = 0;
    p->settings.socket_path = deep;
    assert_int_equal(open_it(p), -ENAMETOOLONG);
    p->settings.socket_path = "relative";
    assert_int_equal(open_it(p), -EINVAL);
    p->settings.socket_path = "/no/such/directory/sock";
    assert_true(open_it(p) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gets_mode_and_goes_with_the_daemon, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_second_daemon_is_refused_by_the_lock, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_stale_socket_is_replaced, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_living_foreign_socket_is_left_alone, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_file_in_its_place_is_left_alone, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_socket_that_took_our_place_is_not_unlinked, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_lost_name_is_bound_again_whatever_stands_there, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_lost_directory_is_made_again_with_its_lock, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_name_that_another_daemon_holds_is_not_taken_from_it, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_removed_is_told_and_the_old_socket_stays, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(a_directory_that_others_write_is_refused, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(the_group_is_set_by_name_and_an_unknown_one_refused, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(paths_that_cannot_be_are_refused, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
