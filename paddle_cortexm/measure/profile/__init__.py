"""Where a deployment's instructions go: by layer, by function, and in modelled Cortex-M55 cycles."""
