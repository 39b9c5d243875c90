# SPDX-License-Identifier: Apache-2.0
"""The hazard table: every hazard in a few words, what holds it, how soon, and why so soon.

A row's tests are the methods test_hNN_... of test_hazard_*.py beside this file; report.py fails the build when a row has
none, or when a row of H01 to H35 is missing. A bound belongs to the rooms of these tests, whose times are wider than the
shipped ones (room.PATIENT: a sample every SAMPLE_MS), so that sanitizers and a shared machine do not strike by themselves.
"""
import dataclasses

SAMPLE_MS = 100  # telemetry in these rooms; 50 ms as shipped
STOP_MS = 150    # a stop that is told to a reference device: one write, one status read back, each within a slice


def samples(n):
    """A fault that acts on n samples: it may come just after one, and the stop follows the last."""
    return (n + 1) * SAMPLE_MS + STOP_MS


@dataclasses.dataclass(frozen=True)
class Hazard:
    """bound is compared with what the row's tests measure, in unit; a refusal leaves the output at rest: 0 uA or uW."""

    hazard: str
    control: str
    bound: int
    reason: str
    unit: str = "ms to rest"


OUTPUT = "output"
REFUSED = {"bound": 0, "unit": OUTPUT}

HAZARDS = {
    "H01": Hazard("a burn under a pad that is too small or half off",
                  "density against the pad's declared area before the start; a step of the impedance, or twice that of the start, ends "
                  "it, half as much again is told",
                  samples(3), "the step has to stand for 3 samples: one alone is a movement"),
    "H02": Hazard("a shock when an electrode that came off touches again",
                  "an open electrode ends the treatment; nothing resumes, a new one starts from rest",
                  samples(2), "2 samples: a single contact reading may be a spike"),
    "H03": Hazard("a shock at the start from a level that outlived a restart",
                  "the host rests its devices when the daemon's socket closes; whoever comes up makes safe before anything else",
                  samples(1), "end-of-file at the host and one stop; or the one sample that shows the output"),
    "H04": Hazard("a startle when the level jumps",
                  "the host walks to the asked level by bounded steps and slew; down is at once",
                  1000, "es_step_max: 1 mA a step, whatever is asked for", "uA a step"),
    "H05": Hazard("more current than was set", "measured current against the set point, by daemon and host apart",
                  samples(3), "3 samples beyond the tolerance; above 1.5 x and the tolerance one is enough"),
    "H06": Hazard("a burn by direct current that a lost second phase leaves",
                  "measured direct component against what the settings allow", samples(2),
                  "2 samples: the mean of one may still hold the ramp"),
    "H07": Hazard("an output that ignores its stop",
                  "rest is proved or not told; unfed, the device's watchdog is the second path; high alarm",
                  1000 + samples(2), "the reference watchdog of 1 s, counted from the last feed before the stop"),
    "H08": Hazard("current across the heart", "no way of current across the chest, within a session and between two",
                  reason="refused before anything is energised", **REFUSED),
    "H09": Hazard("an implant that nobody asked about", "an unanswered question counts as its restrictive answer",
                  reason="refused before anything is energised", **REFUSED),
    "H10": Hazard("a treatment that goes on too long because a timer stands",
                  "daemon and host each end it by their own clock; the device's timer is compared with them",
                  2000 + samples(3), "a device timer has stood for 2 s, or is off by more than its tolerance, in 3 samples"),
    "H11": Hazard("too much in a day by many short treatments", "the ledger of patient and place, durable before output",
                  reason="refused before anything is energised", **REFUSED),
    "H12": Hazard("limits that are not those somebody wrote",
                  "every file is read whole or refused; the compiled ceilings and shipped limits are a second copy to compare with; "
                  "the hash of each generation is audited; a file edited in mid-treatment means nothing until it is loaded",
                  reason="refused before anything is energised, or the bounds in force stay", **REFUSED),
    "H13": Hazard("a dose that changed in memory or on its way",
                  "the host, another process, holds every set point against the envelope; the daemon holds the host, and what the "
                  "device reads back, against what it wants", samples(10),
                  "10 samples of a level that nobody wants: one that was lowered is on its way for a moment"),
    "H14": Hazard("a burn under an ultrasound head that rests on one spot",
                  "above the bound of a still head it has to move; 3 s without motion end the treatment",
                  3000 + samples(1), "a slow stroke turns round within 3 s"),
    "H15": Hazard("a burn by a dry ultrasound head", "lost coupling rests the output and holds the timer", samples(2),
                  "2 samples of lost contact"),
    "H16": Hazard("an intensity that is wrong because head and record differ",
                  "a head is known by its serial and its calibration is not overdue, before and during the treatment",
                  samples(1), "one sample that names another head"),
    "H17": Hazard("a rest cut short by setting the clock", "elapsed time is the smaller of boot time and wall clock; steps are audited",
                  reason="refused before anything is energised", **REFUSED),
    "H18": Hazard("bone that is heated", "the open-loop bounds on rise and thermal dose, over the whole planned time",
                  reason="refused before anything is energised", **REFUSED),
    "H19": Hazard("a fracture that is moved", "a screening rule; an answer that nobody gave counts as yes",
                  reason="refused before anything is energised", **REFUSED),
    "H20": Hazard("an unborn child", "a screening rule at every site of the trunk; an answer that nobody gave counts as yes",
                  reason="refused before anything is energised", **REFUSED),
    "H21": Hazard("light in an eye", "key and interlock end the emission in the device, in the host and in the daemon, and latch",
                  samples(1), "one sample that shows an interlock open"),
    "H22": Hazard("more light than was set", "the photodiode against the set power, by daemon and host apart", samples(2),
                  "2 samples above the ratio; above 1.5 x one is enough"),
    "H23": Hazard("frostbite", "the floor of the skin's temperature; no sensor on the skin ends the treatment", samples(2),
                  "2 samples of cold skin, or of no skin"),
    "H24": Hazard("a sensor that lies", "what cannot be, what does not follow the level, what stands still, what is not fresh",
                  60000 + samples(1), "skin may show one value for a minute; a clock, a current and a timer much shorter"),
    "H25": Hazard("nobody watches", "a lease that the operator's client renews", 3000 + STOP_MS,
                  "the lease of these rooms, counted from its last renewal", "ms from the last renewal to rest"),
    "H26": Hazard("a program hangs", "a permit that only a supervised sample renews, without which the host rests by itself; the "
                  "device's watchdog, which is never fed late",
                  1500 + STOP_MS, "the permit of these rooms, from the last sample that was supervised"),
    "H27": Hazard("replies that are lost, late, doubled, old or bent", "checks of every frame, freshness, the device's watchdog",
                  1000 + samples(2), "the reference watchdog of 1 s where no word reaches the device any more"),
    "H28": Hazard("the wrong patient or place", "patient, place and side are bound to what was confirmed, and said again at the start",
                  reason="refused before anything is energised", **REFUSED),
    "H29": Hazard("two treatments at one place", "one reservation for each place; bounds on what may follow what",
                  reason="refused before anything is energised", **REFUSED),
    "H30": Hazard("a number in the wrong unit", "whole numbers of one base unit at the socket, a unit behind every number in a file",
                  reason="refused before anything is energised", **REFUSED),
    "H31": Hazard("an alarm that nobody notices", "latched, told to every client and to a command of the installation, told again "
                  "when it comes again", samples(1) + 500, "the sample that shows it, and the way to another process",
                  "ms to the bell"),
    "H32": Hazard("records that were changed", "a chain of hashes, read at every start and on demand; nothing starts on a broken one",
                  reason="refused before anything is energised", **REFUSED),
    "H33": Hazard("more of a drug than was prescribed", "the charge is integrated and ends the treatment, whatever the current is",
                  STOP_MS, "the stop is timed to the dose: what is left is its way", "ms of current past the dose"),
    "H34": Hazard("interference", "a measurement that jumps in and out of its tolerance ends the treatment; nothing is "
                  "controlled by what is measured", samples(20), "6 changes of side within some 20 samples"),
    "H35": Hazard("heat over skin that is numb", "a bound on what may follow what, from the ledger",
                  reason="refused before anything is energised", **REFUSED),
}
