#!/bin/sh
# bench_models.sh BUILD [NAME ..]: a line each network: ours, PyTorch's, onnxruntime's time and peak memory, the ratio to the faster, the bar, and how far results differ.
# PEERS = a Python environment with torch, onnxruntime, onnx and numpy; without it ours alone. BENCH_PAIRS = turns (7), BENCH_THREADS = threads of all (2), BENCH_LOG = file
# that keeps what the peers said (the time of each way that was tried).
set -e
build=$1
shift
dir=$(mktemp -d)
trap '[ -z "$BENCH_LOG" ] || cp "$dir/log" "$BENCH_LOG"; rm -rf "$dir"' EXIT
"$build/genai" scripts/bench_models.lua "$dir" "$build/genai" "$@"
