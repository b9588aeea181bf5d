"""The files that one stage writes and another reads, as frozen models: what is in them, and reading and writing them.

manifest      every stage: manifest.json
training      stage 1: metrics.json; labels.txt, of which stage 3 keeps a copy
answers       stage 1: answers.json
quantisation  stage 2: metrics.json, ranges.json, parameters.json, float_predictions.txt
model         stage 3: model.json
deployed      stage 3: metrics.json, predictions.txt, expected.json
layers        stage 3: layers.json
program       stage 4: size.json
run           stage 5: run.json
"""
