#!/bin/sh
# bench.sh BUILD [NAME ..]: one line a measure: name, ours, peer's, their ratio, the bar. Ours and the peer's take turns in one run.
# PEERS = a Python environment with PyTorch; without it only what plain cblas can do has a peer. BENCH_PAIRS = turns of a measure (7), BENCH_THREADS = threads of all
set -e
build=$1
shift
dir=$(mktemp -d)
export OPENBLAS_NUM_THREADS=1
peer() { # name, command ..: a process that answers requests, one line each
  name=$1
  shift
  mkfifo "$dir/$name.ask" "$dir/$name.answer"
  "$@" < "$dir/$name.ask" > "$dir/$name.answer" &
}
trap 'rm -rf "$dir"' EXIT
peer gemm "$build/bench_gemm"
[ -z "$PEERS" ] || peer torch "$PEERS/bin/python" scripts/bench_peer.py
"$build/genai" scripts/bench.lua "$dir" "$build/genai" "$@"
