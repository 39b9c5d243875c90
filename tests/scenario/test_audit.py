# SPDX-License-Identifier: Apache-2.0
"""A chain that somebody has edited: seen without being asked, not forgotten by a restart, and nothing starts until a
person has accepted it."""
import os
import sqlite3
import unittest

from room import Refused, RoomCase, begin, tens_request, wait_until


class Tampered(RoomCase):
    def edit(self, sql):
        db = sqlite3.connect(os.path.join(self.room.directory, "state", "modalityd.sqlite"), timeout=10)
        with db:
            db.execute("DROP TRIGGER IF EXISTS audit_update")
            db.execute(sql)
        db.close()

    def again(self):
        self.room.stop()
        self.room.start()
        self.client = self.room.client()

    def broken(self):
        return self.client.call("daemon.info")["records"]["audit_broken"]

    def assert_refused(self):
        with self.assertRaises(Refused) as refused:
            self.client.act("session.prepare", **tens_request(self.client, start=4000))
        self.assertEqual(refused.exception.token, "AUDIT_BROKEN")

    def assert_accepted_for_good(self):
        self.client.act("audit.accept", statement="an entry was edited by hand; the backup has the original")
        self.assertFalse(self.broken())
        self.again()
        self.client.call("audit.verify")  # still shows the damage, and does not count it again
        self.assertFalse(self.broken())
        session, _, _ = begin(self.client, tens_request(self.client, start=4000))
        self.sim.wait_output("stim1", 4000)
        self.client.call("session.stop", session_id=session)
        self.client.state(session, "ended")

    def test_what_verify_found_is_not_forgotten_by_a_restart(self):
        self.edit("UPDATE audit SET wall_ms = wall_ms + 1 WHERE seq = 2")
        self.assertFalse(self.client.call("audit.verify")["ok"])
        self.assertTrue(self.broken())
        # Put right again behind the daemon's back: the verdict stands all the same.
        self.edit("UPDATE audit SET wall_ms = wall_ms - 1 WHERE seq = 2")
        self.again()
        self.assertTrue(self.broken())
        self.assert_refused()
        self.assert_accepted_for_good()

    def test_an_old_entry_edited_while_the_daemon_was_down_is_noticed_without_being_asked(self):
        self.room.stop()
        self.edit("UPDATE audit SET event = 'nothing' WHERE seq = 1")
        self.room.start()
        self.client = self.room.client()
        wait_until("the whole chain verified", self.broken)
        wait_until("its alarm", lambda: [a for a in self.client.call("alarm.list")["items"] if a["kind"] == "audit_broken"])
        self.assert_refused()
        self.assert_accepted_for_good()


if __name__ == "__main__":
    unittest.main()
