"""Instructions and bytes of whole networks with random weights, CMSIS-NN and the project's kernels side by side."""
