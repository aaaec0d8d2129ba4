"""Compares two runs of a test suite, as pytest wrote them down.

    compare.py NAME OURS.xml REFERENCE.xml [AGAIN.xml...]

Prints the counts of both, then the tests that fail on ours and not on the reference; exits with 1 if
there are any. AGAIN are later runs of such tests on ours: one that passes in any of them, alone on the
machine, is shown as unsteady and not counted. With no AGAIN, the names of tests to run again go to stderr.
"""

import sys
import xml.etree.ElementTree as xml


def verdicts(path):
    found = {}
    for case in xml.parse(path).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            verdict = "failed"
        else:
            verdict = "skipped" if "skipped" in kinds else "passed"
        # A test may be written down twice, for its own part and for what is cleaned up after it.
        if found.get(name) != "failed":
            found[name] = verdict
    return found


def show(which, found):
    count = {verdict: sum(v == verdict for v in found.values()) for verdict in ("passed", "failed", "skipped")}
    print(f"{which}: {count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")


def failed(found):
    return {name for name, verdict in found.items() if verdict == "failed"}


def main(name, ours_path, reference_path, *again):
    ours, reference = verdicts(ours_path), verdicts(reference_path)
    show(f"{name} on ferrozmq ", ours)
    show(f"{name} on reference", reference)
    for test in sorted(failed(reference)):
        print(f"  fails on the reference: {test}")
    worse = failed(ours) - failed(reference)
    for path in again:
        steady = {test for test, verdict in verdicts(path).items() if verdict == "passed"}
        for test in sorted(worse & steady):
            print(f"  unsteady: {test} failed on ferrozmq, and passes alone")
        worse -= steady
    for test in sorted(worse):
        print(f"  FAILS ON FERROZMQ: {test}")
        print(test.rsplit("::", 1)[1].split("[")[0], file=sys.stderr)
    # A suite that did not run must not look like one that passed.
    if not ours or len(ours) < len(reference):
        print(f"  {len(ours)} tests were run on ferrozmq, {len(reference)} on the reference")
        return 1
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
