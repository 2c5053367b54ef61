#!/bin/sh
# exact_arm.sh: builds the engine for aarch64 and, under qemu-user, compares its exact arithmetic with this machine's. Skipped where the tools are not.
arm=${ARM_CC:-aarch64-linux-gnu-gcc}
command -v "$arm" >/dev/null || { echo "skipped  aarch64: $arm is not here"; exit 0; }
out=build-exact/arm
mkdir -p $out
flags="-std=c11 -D_GNU_SOURCE -Wall -Wextra -Wno-unused-parameter -Wno-psabi -fno-math-errno -fno-trapping-math -Iengine -idirafter /usr/include"

# build CC FOLDER FLAGS: the engine's objects (kernels of one level, both modes) and the program; io/ is compiled, not linked.
build() {
  cc=$1 dir=$out/$2; shift 2
  mkdir -p $dir/f $dir/x $dir/k $dir/io
  {
    for f in engine/*.c; do echo "$dir/$(basename $f .c).o -O2 -ffp-contract=off -DGN_HAS_v2 $f"; done
    for f in engine/io/*.c; do echo "$dir/io/$(basename $f .c).o -O1 -ffp-contract=off $f"; done
    for f in engine/cpu/*.c; do
      case $f in */table.c) ;; */ref.c) echo "$dir/k/ref.o -O1 -ffp-contract=off -DGN_HAS_v2 $f" ;; *) echo "$dir/k/$(basename $f .c).o -O2 -ffp-contract=off -DGN_LEVEL=v2 $f" ;; esac
    done
    for f in engine/cpu/mm/*.c; do
      echo "$dir/x/$(basename $f .c).o -O2 -ffp-contract=off -DGN_MM -DGN_EXACT -DGN_LEVEL=v2 -DGN_MODE=x $f"
      echo "$dir/f/$(basename $f .c).o -O1 -ffp-contract=fast -DGN_MM -DGN_FAST -DGN_LEVEL=v2 -DGN_MODE=f $f"
    done
    for m in f x; do echo "$dir/$m/table.o -O1 -ffp-contract=off -DGN_TABLE_LEVEL=v2 -DGN_TABLE_MODE=$m engine/cpu/table.c"; done
    echo "$dir/main.o -O1 -ffp-contract=off tests/arm/exact.c"
  } | xargs -P "${JOBS:-$(nproc)}" -L 1 "$cc" $flags "$@" -c -o || return 1
  $cc -static -o $dir/exact $dir/*.o $dir/f/*.o $dir/x/*.o $dir/k/*.o -lpthread -lm -ldl
}

build "$arm" arm64 2>$out/errors || { echo "FAILED   aarch64 does not build: $(head -n 8 $out/errors)"; exit 1; }
[ -s $out/errors ] && grep -q warning $out/errors && { echo "FAILED   aarch64: warnings: $(grep warning $out/errors | head -n 5)"; exit 1; }
qemu=$(command -v qemu-aarch64 || command -v qemu-aarch64-static)
[ "$qemu" ] || { echo "skipped  aarch64: built, not run: qemu-aarch64 is not here"; exit 0; }
here=
[ "$(uname -m)" = x86_64 ] && here=-march=x86-64-v2
build "${CC:-gcc}" here $here 2>$out/errors || { echo "FAILED   the engine alone does not link: $(head -n 8 $out/errors)"; exit 1; }
$out/here/exact >$out/here.txt && $qemu $out/arm64/exact >$out/arm.txt || { echo "FAILED   aarch64: the program failed"; exit 1; }
if cmp -s $out/here.txt $out/arm.txt && ! grep -q failed $out/here.txt; then echo "exact: aarch64 gives the same $(wc -l <$out/arm.txt) hashes"
else echo "FAILED   aarch64 differs"; diff $out/here.txt $out/arm.txt; grep failed $out/here.txt; exit 1; fi
