#!/bin/sh
# exact.sh [--update]: the exact arithmetic gives the same bytes for compilers, optimisation levels, ISA levels and threads, and those of
# tests/golden/exact.txt (--update writes that file anew, for when an artefact was meant to change). VARIANTS chooses: "gcc:-O3 clang:-O2 ..".
variants=${VARIANTS:-gcc:-O3 gcc:-O1 clang:-O2}
golden=tests/golden/exact.txt
isas="v2 v3"
grep -q 'avx512f.*avx512dq.*avx512vl\|avx512f.*avx512vl.*avx512dq\|avx512dq.*avx512vl.*avx512f' /proc/cpuinfo 2>/dev/null && isas="v2 v3 v4"
case "$(uname -m)" in x86_64) ;; *) isas="v2" ;; esac
jobs=${JOBS:-$(nproc 2>/dev/null || echo 2)}
out=build-exact
compared=0 wrong=0
mkdir -p $out

# run NAME COMMAND...: its lines are compared with the golden ones.
run() {
  name=$1; shift
  if ! "$@" >"$out/lines" 2>"$out/errors"; then
    echo "FAILED   $name: $(head -n 3 "$out/errors")"; wrong=$((wrong + 1))
  elif [ "$update" ]; then
    cp "$out/lines" $golden; update=; echo "written  $golden from $name"
  elif ! cmp -s "$out/lines" $golden; then
    echo "FAILED   $name: other bytes than $golden"; diff $golden "$out/lines" | grep '^[<>]' | cut -c1-60; wrong=$((wrong + 1))
  fi
  compared=$((compared + 1))
}

[ "$1" = --update ] && update=1
for variant in $variants; do
  cc=${variant%%:*} opt=${variant#*:}
  command -v "$cc" >/dev/null || { echo "skipped  $variant: $cc is not here"; continue; }
  build="$out/$cc$opt"
  if ! ${MAKE:-make} --no-print-directory -s -j"$jobs" CC="$cc" OPT="$opt" KOPT="$opt" MMOPT="$opt" LEVELS="$isas" BUILD="$build" "$build/genai" >"$out/log" 2>&1; then
    echo "FAILED   $variant does not build: $(tail -n 5 "$out/log")"; wrong=$((wrong + 1)); continue
  fi
  for isa in $isas; do
    for threads in 1 2; do run "$cc $opt $isa, $threads threads" "$build/genai" --mode exact --isa $isa --threads $threads tests/exact.lua; done
  done
done
[ -x "$build/genai" ] && run "the folder and the environment" env -i LC_ALL=C TZ=Asia/Tokyo "$PWD/$build/genai" --mode exact --threads 3 tests/exact.lua
[ "$GENAI_AARCH64" != no ] && sh tests/exact_arm.sh "$build"
code=$?
lines=$(wc -l <$golden)
echo "exact: $compared runs of $lines artefacts, $wrong differ"
[ $wrong = 0 ] && [ $code = 0 ]
