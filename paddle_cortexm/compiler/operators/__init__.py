"""What a layer can compute: one module an operator.

Each module holds, side by side, the float operator with its patterns in Relax, its shape, its reference in numpy and
its rules about ranges, and the operator's integer twin with its exact reference. patterns.py lists every pattern in
order. `weights/`: what multiplies by constants; `elementwise/`; `pools/`: windows without weights; `movement/`: what
only moves elements; `tokens/`: what attention needs; `parts/`: what several operators share.
"""
