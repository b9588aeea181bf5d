"""Every PaddleClas network that is small enough for a microcontroller, through the whole line: `make zoo`."""
