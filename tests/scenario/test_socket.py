# SPDX-License-Identifier: Apache-2.0
"""Bad input at the socket of the real daemon: a clear error each time, never a hang, and a stop always gets through."""
import fcntl
import json
import os
import socket
import threading
import unittest

from room import Refused, RoomCase, begin, now_ns, tens_request, wait_until


class BadInput(RoomCase):
    def raw(self):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(10)
        s.connect(self.room.socket)
        self.addCleanup(s.close)
        return s

    def say(self, line):
        s = self.raw()
        s.sendall(line + b"\n")
        return json.loads(s.makefile("rb").readline())

    def test_what_is_no_request_gets_json_rpcs_own_errors(self):
        for line, code in ((b"nonsense", -32700), (b"{", -32700), (b"[]", -32600), (b"7", -32600), (b'{"jsonrpc":"2.0"}', -32600),
                           (b'{"jsonrpc":"1.0","id":1,"method":"daemon.info"}', -32600),
                           (b'{"jsonrpc":"2.0","id":1,"method":"no.such"}', -32601),
                           (b'{"jsonrpc":"2.0","id":1,"method":"device.get","params":{"device":7}}', -32602),
                           (b'{"jsonrpc":"2.0","id":1,"method":"device.get","params":{"devise":"x"}}', -32602),
                           (b'{"jsonrpc":"2.0","id":1,"method":"device.get","params":["stim1"]}', -32602),
                           (b'{"jsonrpc":"2.0","id":1,"id":2,"method":"daemon.info"}', -32600)):
            answer = self.say(line)
            self.assertEqual(answer["error"]["code"], code, line)
            self.assertTrue(answer["error"]["message"])

    def test_integer_fields_take_integers_only(self):
        for value in ("10000.0", '"10000"', "1e4", "true", "null", "99999999999999999999"):
            line = ('{"jsonrpc":"2.0","id":1,"method":"session.adjust","params":{"request_id":"r","operator":{"id":"t","name":"T"},'
                    '"session_id":"s","lease_key":"k","quantity":"amplitude_ua","target":%s}}' % value)
            self.assertIn(self.say(line.encode())["error"]["code"], (-32602, -32700), value)

    def test_an_overlong_line_is_refused_and_the_connection_ends(self):
        s = self.raw()
        s.sendall(b"x" * 70000)
        answer = json.loads(s.makefile("rb").readline())
        self.assertIn("error", answer)
        self.assertEqual(s.recv(1), b"")

    def test_half_a_line_and_silence_hurt_nobody(self):
        s = self.raw()
        s.sendall(b'{"jsonrpc":"2.0","id":1,"meth')
        self.assertEqual(self.client.call("daemon.info")["state"], "ready")

    def test_batches_are_answered_per_item(self):
        answers = self.say(b'[{"jsonrpc":"2.0","id":1,"method":"daemon.info"},{"jsonrpc":"2.0","id":2,"method":"no.such"},'
                           b'{"jsonrpc":"2.0","method":"daemon.info"},5]')
        self.assertEqual({a.get("id") for a in answers}, {1, 2, None})
        self.assertEqual(len(answers), 3)

    def test_a_thousand_connections_leave_a_stop_possible(self):
        session, _, _ = begin(self.client, tens_request(self.client, start=4000))
        self.sim.wait_output("stim1", 4000)
        crowd = []
        for _ in range(1000):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(10)
            try:
                s.connect(self.room.socket)
            except OSError:
                s.close()
                continue
            crowd.append(s)
        self.addCleanup(lambda: [s.close() for s in crowd])
        asked = now_ns()
        s = self.raw()
        s.sendall(b'{"jsonrpc":"2.0","id":1,"method":"stop.all"}\n')
        self.assertLess(self.sim.wait_rest("stim1", asked), 2000)
        self.client.state(session, "ended")

    def test_a_stop_of_a_garbled_name_stops_everything_and_says_so(self):
        session, _, _ = begin(self.client, tens_request(self.client, start=4000))
        self.sim.wait_output("stim1", 4000)
        asked = now_ns()
        answer = self.say(b'{"jsonrpc":"2.0","id":1,"method":"session.stop","params":{"session_id":"%s"}}' % (b"s" * 65))
        self.assertEqual(answer["error"]["code"], -32602)
        self.assertIn("everything was stopped", answer["error"]["message"])
        self.assertLess(self.sim.wait_rest("stim1", asked), 1000)
        self.client.state(session, "ended")

    def test_references_hold_nothing_that_cannot_be_seen(self):
        for character in ("\n", "\x1b", "\u200b", "\u202e", "\ufeff", "\xad"):
            with self.assertRaises(Refused) as refused:
                self.client.act("session.prepare", **tens_request(self.client, patient=f"P{character}1"))
            self.assertEqual(refused.exception.code, -32602)
            self.assertEqual(refused.exception.data["field"], "params.patient_ref")
            self.assertIn(f"U+{ord(character):04X}", refused.exception.error["message"])

    def take_away(self, how):
        """The socket's name is lost in mid-treatment: whoever connects anew can stop, and who is connected goes on."""
        session, _, _ = begin(self.client, tens_request(self.client, start=4000))
        self.sim.wait_output("stim1", 4000)
        mode = os.stat(self.room.socket).st_mode
        lost = now_ns()
        how(self.room.socket)
        s = wait_until("a socket under the old name", self.connected, 1, tick=0.01)
        s.sendall(b'{"jsonrpc":"2.0","id":1,"method":"stop.all"}\n')
        self.assertLess(self.sim.wait_rest("stim1", lost), 1000)
        self.client.state(session, "ended")
        self.assertEqual(os.stat(self.room.socket).st_mode, mode)
        self.client.event(lambda e: e["type"] == "alarm" and e["alarm"]["kind"] == "socket_lost")

    def connected(self):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(10)
        try:
            s.connect(self.room.socket)
        except OSError:
            s.close()
            return None
        self.addCleanup(s.close)
        return s

    def test_a_deleted_socket_is_bound_anew(self):
        self.take_away(os.unlink)

    def test_a_renamed_socket_is_bound_anew_and_its_last_clients_are_served(self):
        self.take_away(lambda path: os.rename(path, path + ".away"))

    def test_a_socket_replaced_by_a_file_or_a_foreign_socket_is_bound_anew(self):
        foreign = socket.socket(socket.AF_UNIX)
        self.addCleanup(foreign.close)

        def replace(path):
            foreign.bind(path + ".foreign")
            os.rename(path + ".foreign", path)
        replace(self.room.socket)
        wait_until("a socket under the old name", self.connected, 2, tick=0.01).close()

        def overwrite(path):
            with open(path + ".file", "w", encoding="utf-8"):
                pass
            os.rename(path + ".file", path)
        self.take_away(overwrite)

    def test_a_name_that_cannot_be_had_back_stops_everything(self):
        session, _, _ = begin(self.client, tens_request(self.client, start=4000))
        self.sim.wait_output("stim1", 4000)
        os.unlink(self.room.socket + ".lock")
        with open(self.room.socket + ".lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            lost = now_ns()
            os.unlink(self.room.socket)
            self.assertLess(self.sim.wait_rest("stim1", lost), 2500)
            self.client.state(session, "ended")
            self.assertIsNone(self.connected())
        wait_until("a socket under the old name", self.connected, 3, tick=0.01)

    def test_a_reader_that_never_reads_is_dropped_and_holds_nobody_up(self):
        s = self.raw()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

        def flood():
            try:
                for _ in range(20000):
                    s.sendall(b'{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}\n')
            except OSError:
                pass
        s.settimeout(3)
        thread = threading.Thread(target=flood)
        thread.start()
        self.assertEqual(self.client.call("daemon.info")["state"], "ready")
        thread.join(30)
        self.assertFalse(thread.is_alive())
        self.assertEqual(self.client.call("daemon.info")["state"], "ready")

    def test_a_stop_as_notification_in_a_batch_with_decoys_is_honoured(self):
        session, _, _ = begin(self.client, tens_request(self.client, start=4000))
        self.sim.wait_output("stim1", 4000)
        asked = now_ns()
        s = self.raw()
        s.sendall(b'[{"params":{"method":"daemon.info","x":"}{\\""},"jsonrpc":"2.0","method":"daemon.info","id":1},'
                  b'{"jsonrpc":"2.0","method":"stop.\\u0061ll"}]\n')
        self.assertLess(self.sim.wait_rest("stim1", asked), 1000)
        self.client.state(session, "ended")

    def test_a_request_is_done_once(self):
        request = tens_request(self.client, start=4000)
        self.client.call("events.subscribe")
        a = self.client.act("session.prepare", request_id="same", **request)
        b = self.client.act("session.prepare", request_id="same", **request)
        self.assertEqual(a, b)
        with self.assertRaises(Refused) as refused:
            self.client.act("session.prepare", request_id="same", **{**request, "patient_ref": "other"})
        self.assertEqual(refused.exception.token, "REQUEST_REUSED")

    def test_a_start_needs_a_subscription_and_the_right_token(self):
        prepared = self.client.act("session.prepare", **tens_request(self.client, start=4000))
        with self.assertRaises(Refused) as refused:
            self.client.act("session.start", session_id=prepared["session_id"], confirm_token=prepared["confirm_token"])
        self.assertEqual(refused.exception.token, "NOT_SUBSCRIBED")
        self.client.call("events.subscribe")
        with self.assertRaises(Refused) as refused:
            self.client.act("session.start", session_id=prepared["session_id"], confirm_token="0" * 32)
        self.assertEqual(refused.exception.token, "TOKEN_INVALID")
        self.assertEqual(self.sim.peak("stim1"), 0)


class Roles(RoomCase):
    room_options = {"roles": "[role looker]\nright = viewer\nusers = *\n"}

    def test_a_viewer_may_look_and_stop_and_nothing_else(self):
        self.assertTrue(self.client.call("device.list")["items"])
        with self.assertRaises(Refused) as refused:
            self.client.act("session.prepare", **tens_request(self.client))
        self.assertEqual(refused.exception.token, "ROLE_REQUIRED")
        self.assertIn("users", refused.exception.error["message"])
        self.assertEqual(self.client.call("stop.all")["stopping"], [])


if __name__ == "__main__":
    unittest.main()
