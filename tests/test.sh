#!/bin/sh
# test.sh BUILD: all tests of a finished build: C tests, a host against an installed tree, then the Lua tests.
# Ends with one line "N passed, N failed, N skipped". `make test` calls it; SANFLAGS, CC and MAKE come from there.
build=${1:-build}
cc=${CC:-cc}
contract=${GENAI_CONTRACT:-../shared/contract}
passed=0 failed=0 skipped=0
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_stack_use_after_return=0}" LSAN_OPTIONS="suppressions=$PWD/tests/lsan.txt:print_suppressions=0"
[ -n "$SANFLAGS" ] && export GENAI_SANITIZED=1 GENAI_ALLOC_RUNS=${GENAI_ALLOC_RUNS:-150}

# case NAME COMMAND...: one test; what it printed is shown when it fails.
case_of() {
  name=$1; shift
  if "$@" >"$tree/out" 2>&1; then passed=$((passed + 1))
  else failed=$((failed + 1)); echo "FAILED   $name"; tail -n 60 "$tree/out" | sed 's/^/         /'
  fi
}

# A cmocka program: its groups' counts are taken over.
c_test() {
  CMOCKA_MESSAGE_OUTPUT=STDOUT "$1" >"$tree/out" 2>&1
  code=$?
  good=$(grep -c '^\[       OK \]' "$tree/out")
  bad=$(grep -c '^\[  FAILED  \] [^0-9]*: \|^\[  FAILED  \] [a-z_0-9]*$' "$tree/out")
  [ "$code" != 0 ] && [ "$bad" = 0 ] && bad=1
  [ "$code" = 0 ] && bad=0
  passed=$((passed + good)) failed=$((failed + bad))
  [ "$code" = 0 ] || { echo "FAILED   $1 (exit code $code)"; grep -v '^\[ RUN\|^\[       OK' "$tree/out" | tail -n 80 | sed 's/^/         /'; }
}

for source in tests/*.c; do
  program="$build/tests/$(basename "$source" .c)"
  [ -x "$program" ] && c_test "$program"
done

header() { $cc -std=c11 -Wall -Wextra -pedantic -Werror -fsyntax-only -x c bindings/genai.h; }
header_cpp() { $cc -std=c++17 -Wall -Wextra -pedantic -Werror -fsyntax-only -x c++ bindings/genai.h; }
case_of "genai.h as C11" header
if printf 'int main(){}' | $cc -x c++ -std=c++17 -fsyntax-only - 2>/dev/null; then case_of "genai.h as C++17" header_cpp
else skipped=$((skipped + 1)); echo "skipped  genai.h as C++17: there is no C++ compiler"; fi

install_tree() { ${MAKE:-make} --no-print-directory install PREFIX="$tree/usr"; }
uninstall_tree() { ${MAKE:-make} --no-print-directory uninstall PREFIX="$tree/usr" && [ -z "$(find "$tree/usr" -type f)" ]; }
flags() { PKG_CONFIG_PATH="$tree/usr/lib/pkgconfig" pkg-config "$@" genai; }
host_shared() { $cc $SANFLAGS "$contract/embed.c" $(flags --cflags --libs) -o "$tree/host" && "$tree/host" | tail -n 1 | grep -qx ok; }
host_static() {
  mkdir -p "$tree/static" && cp "$tree/usr/lib/libgenai.a" "$tree/static" &&
    $cc $SANFLAGS "$contract/embed.c" $(flags --cflags) -L"$tree/static" $(flags --static --libs | sed "s|-L$tree/usr/lib||") -o "$tree/host-static" &&
    ! ldd "$tree/host-static" | grep -q libgenai && "$tree/host-static" | tail -n 1 | grep -qx ok
}
installed_command() { "$tree/usr/bin/genai" -e 'assert(genai.ones(3):sum():item() == 3)'; }
exported() { [ -z "$(nm -D --defined-only "$tree/usr/lib/libgenai.so" | awk '$2 == "T" {print $3}' | grep -v '^genai_\|^_init$\|^_fini$\|^__asan\|^__ubsan')" ]; }
case_of "make install" install_tree
case_of "the installed command" installed_command
case_of "libgenai.so shows genai's functions alone" exported
small() { strip -o "$tree/small" "$tree/usr/lib/libgenai.so" && [ "$(wc -c <"$tree/small")" -lt 3145728 ]; }
[ -n "$SANFLAGS" ] || case_of "libgenai.so is smaller than 3 MB" small
if [ -f "$contract/embed.c" ]; then
  case_of "contract: embed.c, shared library" host_shared
  case_of "contract: embed.c, static library" host_static
else skipped=$((skipped + 1)); echo "skipped  contract: embed.c is not here"; fi
case_of "make uninstall" uninstall_tree

case "$build" in /*) binary=$build/genai ;; *) binary=$PWD/$build/genai ;; esac
GENAI="$binary" GENAI_CONTRACT="$contract" GENAI_TESTS_BEFORE="$passed $failed $skipped" "$binary" tests/run.lua
