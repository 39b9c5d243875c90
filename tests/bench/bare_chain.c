/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor of a stop: the same three processes with no logic in them. Client -> Unix socket -> relay -> SOCK_SEQPACKET
 * -> relay -> one libmodbus write to the same simulator. Each byte from the client is one write of coil `coil` (off);
 * the answer byte comes back when libmodbus has its echo.
 *
 *   bare-chain SOCKET HOST PORT UNIT COIL     serves one client, ends when it closes
 */
#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int far_relay(int pair, char **argv)
{
    char byte;
    modbus_t *bus = modbus_new_tcp(argv[2], (int)strtol(argv[3], NULL, 10));
    if (!bus || modbus_set_slave(bus, (int)strtol(argv[4], NULL, 10)) < 0 || modbus_connect(bus) < 0) {
        perror("bare-chain: modbus");
        return 1;
    }
    const int coil = (int)strtol(argv[5], NULL, 10);
    while (recv(pair, &byte, 1, 0) == 1) {
        if (modbus_write_bit(bus, coil, 0) != 1 || send(pair, &byte, 1, MSG_NOSIGNAL) != 1)
            break;
    }
    modbus_close(bus);
    modbus_free(bus);
    return 0;
}

static int listen_on(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, path, strlen(path));
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unlink(path);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 1) < 0)
        return -1;
    return fd;
}

static int near_relay(int pair, const char *path)
{
    char byte;
    const int listener = listen_on(path);
    if (listener < 0) {
        perror("bare-chain: socket");
        return 1;
    }
    puts("ready");
    fflush(stdout);
    const int client = accept(listener, NULL, NULL);
    while (client >= 0 && recv(client, &byte, 1, 0) == 1) {
        if (send(pair, &byte, 1, MSG_NOSIGNAL) != 1 || recv(pair, &byte, 1, 0) != 1 ||
            send(client, &byte, 1, MSG_NOSIGNAL) != 1)
            break;
    }
    close(client);
    close(listener);
    unlink(path);
    return 0;
}

int main(int argc, char **argv)
{
    int pair[2];
    if (argc != 6 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
        fprintf(stderr, "usage: bare-chain SOCKET HOST PORT UNIT COIL\n");
        return 2;
    }
    const pid_t far = fork();
    if (far < 0)
        return 1;
    if (far == 0) {
        close(pair[0]);
        _exit(far_relay(pair[1], argv));
    }
    close(pair[1]);
    const int code = near_relay(pair[0], argv[1]);
    close(pair[0]);
    waitpid(far, NULL, 0);
    return code;
}
