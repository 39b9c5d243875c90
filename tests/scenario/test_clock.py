# SPDX-License-Identifier: Apache-2.0
"""The daemon's deadlines strike when they are due, from the first one after its start on."""
import time
import unittest

from room import RoomCase, begin, tens_request


class Clock(RoomCase):
    def test_progress_comes_between_the_seconds(self):
        session, _, _ = begin(self.client, tens_request(self.client, start=5000))
        self.client.state(session, "running")
        self.client.events.clear()
        seen, end = 0, time.monotonic() + 3
        while time.monotonic() < end:
            seen += self.client.read()["params"]["type"] == "session.progress"
        # Fifteen are due; once a second, as a daemon does whose deadlines were never set, would be three or four.
        self.assertGreaterEqual(seen, 8)


if __name__ == "__main__":
    unittest.main()
