"""Reading what the program printed."""

from __future__ import annotations

from paddle_cortexm.simulator.transcript import parse

SAID = """terminal_0: Listening for serial connection on port 5000
tiny on Corstone-300 (Cortex-M55), instructions from the system counter\r
frame 0: 30x24 class 7 score 0.6996 preprocessing 20087 model 9372 crc32 e5c185d5
output: 03fa00f9fef30838c9f1
top 2:
     7  0.6996  tabby cat, with  two spaces
     6  0.0635  error: a label
layers (instructions):
     0          9314  conv2d_0.tmp_0
     1            44  fc
stack: 316 of 8192 bytes used
frames: 1
EXITTHESIM
Info: /OSCI/SystemC: Simulation stopped by user.
"""


def test_all_of_a_good_run_is_read() -> None:
    said = parse(SAID)
    (frame,) = said.frames
    assert (frame.class_number, frame.score, frame.preprocessing, frame.model) == (7, 0.6996, 20087, 9372)
    assert frame.output.hex() == "03fa00f9fef30838c9f1" and frame.arrived_whole
    assert said.top == ((7, 0.6996, "tabby cat, with  two spaces"), (6, 0.0635, "error: a label"))
    assert said.layers == (("conv2d_0.tmp_0", 9314), ("fc", 44))
    assert (said.stack_used, said.stack_reserved, said.counter) == (316, 8192, "system counter")
    assert said.complete and not said.problems


def test_a_changed_byte_of_the_output_does_not_match_its_checksum() -> None:
    assert not parse(SAID.replace("output: 03", "output: 04")).frames[0].arrived_whole


def test_a_run_that_was_cut_off_is_not_complete() -> None:
    for end in ("EXITTHESIM", "stack:", "output:"):
        assert not parse(SAID[: SAID.index(end)]).complete
    assert parse(SAID[: SAID.index("output:")]).frames == ()
    assert parse("").frames == () and not parse("").complete


def test_a_fault_report_is_kept_with_its_registers() -> None:
    text = "frame 0: \n\nFAULT: exception 5\n  CFSR   0x00000400\n  PC     0x00000100\nEXITTHESIM\n"
    assert parse(text).problems == ("FAULT: exception 5", "  CFSR   0x00000400", "  PC     0x00000100")
