"""What several operators share: windows, clamps, fixed-point arithmetic, the table of activations, Relax patterns."""
