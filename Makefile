# make            build/genai, build/libgenai.a, build/libgenai.so
# make test       installs what is missing, builds, runs every test
# make demo       the same, then makes book.html
# DEV=1 builds one ISA level (v3) only: three times quicker while developing.
# Variables: CC, OPT (-O2 ..), LUA (a folder with include/ and lib/, instead of Debian's), PREFIX, SAN=1 (address and undefined-behaviour sanitizers)
CC      = gcc
OPT     = -O2 -g
PREFIX  = /usr/local
BUILD   = build
ARCH   := $(shell $(CC) -dumpmachine | cut -d- -f1)
ifdef LUA
LUA_CFLAGS = -I$(LUA)/include
LUA_LIBS   = -L$(LUA)/lib -llua
else
LUA_CFLAGS = $(shell pkg-config --cflags lua5.4)
LUA_LIBS   = $(shell pkg-config --libs lua5.4)
endif
DEP_CFLAGS := $(shell pkg-config --cflags sndfile samplerate jansson 2>/dev/null)
DEP_LIBS   := $(shell pkg-config --libs sndfile samplerate jansson 2>/dev/null) -lpthread -lm
ifdef SAN
override BUILD := $(patsubst %-san,%,$(BUILD))-san
SANFLAGS = -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined
OPT     = -O1 -g
endif
ifeq ($(ARCH),x86_64)
LEVELS  = v2 v3 v4
BASE    = -march=x86-64-v2
LEVEL_v2 = -march=x86-64-v2
LEVEL_v3 = -march=x86-64-v3
# What waits for memory gains nothing from longer vectors: v4 takes v3's.
PLAIN_v4 = v3
LESS_v4  = $(wildcard engine/cpu/index*.c) $(addprefix engine/cpu/,fft.c norm.c optim.c reduce.c reduce_scan.c)
# For machines of before 2013: small rather than fast.
SMALL_v2 = -Os
SMALLMM_v2 = -O2
LEVEL_v4 = -march=x86-64-v4
LEVEL_v4 += -mprefer-vector-width=512
else
LEVELS  = v2
BASE    =
LEVEL_v2 =
endif
ifdef DEV
LEVELS  = v3
endif
HAS     = $(foreach l,$(LEVELS),-DGN_HAS_$(l))
WARN    = -Wall -Wextra -Wno-unused-parameter -Wno-psabi
CFLAGS  = -std=c11 -D_GNU_SOURCE $(OPT) $(WARN) -fPIC -fvisibility=hidden -ffp-contract=off -fno-math-errno -fno-trapping-math -fno-asynchronous-unwind-tables -Iengine -Ibindings $(HAS) $(SANFLAGS) -MMD -MP
# -O3 doubles the element kernels' size and gains nothing measurable over this.
ifneq ($(findstring clang,$(CC)),)
KOPT    = -O2
MMOPT   = -O3
else
KOPT    = -O2 -ftree-vectorize -fvect-cost-model=dynamic
MMOPT   = -O3 -fno-tree-loop-distribute-patterns -fno-version-loops-for-strides    # rows are short: a call of memmove takes longer than the copy
endif

ENGINE  = $(patsubst %.c,$(BUILD)/%.o,$(wildcard engine/*.c engine/io/*.c))
BIND    = $(patsubst %.c,$(BUILD)/%.o,$(filter-out bindings/main.c bindings/repl.c,$(wildcard bindings/*.c)))
KERNELS = $(foreach l,$(LEVELS),$(patsubst engine/cpu/%.c,$(BUILD)/engine/cpu/$(l)/%.o,$(filter-out engine/cpu/ref.c engine/cpu/table.c $(LESS_$(l)),$(wildcard engine/cpu/*.c))) \
          $(foreach m,f $(if $(filter v4,$(l)),,x),$(patsubst engine/cpu/mm/%.c,$(BUILD)/engine/cpu/$(l)$(m)/%.o,$(wildcard engine/cpu/mm/*.c)) $(BUILD)/engine/cpu/$(l)$(m)/table.o)) \
          $(BUILD)/engine/cpu/v2r/ref.o
STDLIB  = $(shell find stdlib -type f | sort)
LIBOBJ  = $(ENGINE) $(KERNELS) $(BIND) $(BUILD)/stdlib.o

all: $(BUILD)/genai $(BUILD)/libgenai.a $(BUILD)/libgenai.so

MAIN    = $(BUILD)/bindings/main.o $(BUILD)/bindings/repl.o
$(BUILD)/genai: $(MAIN) $(LIBOBJ)
	$(CC) $(SANFLAGS) -Wl,-E -o $@ $^ $(LUA_LIBS) $(DEP_LIBS) -ledit
# One object, so that a static link takes everything (op gradients are found through weak references) and shows only genai.h's names.
$(BUILD)/libgenai.a: $(LIBOBJ)
	@rm -f $@
	$(CC) -r -nostdlib -o $(BUILD)/libgenai.o $^
	$(OBJCOPY) --localize-hidden $(BUILD)/libgenai.o
	ar rcs $@ $(BUILD)/libgenai.o
$(BUILD)/libgenai.so: $(LIBOBJ)
	$(CC) $(SANFLAGS) -shared -o $@ $^ $(LUA_LIBS) $(DEP_LIBS)

define level_rules
$(BUILD)/engine/cpu/$(1)/%.o: engine/cpu/%.c Makefile
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS) $(or $(SMALL_$(1)),$(KOPT)) $(LEVEL_$(1)) -DGN_LEVEL=$(1) -c -o $$@ $$<
$(BUILD)/engine/cpu/$(1)f/%.o: engine/cpu/mm/%.c Makefile
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS) $(or $(SMALLMM_$(1)),$(MMOPT)) $(LEVEL_$(1)) -ffp-contract=fast -DGN_MM -DGN_FAST -DGN_LEVEL=$(1) -DGN_MODE=f -c -o $$@ $$<
$(BUILD)/engine/cpu/$(1)x/%.o: engine/cpu/mm/%.c Makefile
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS) $(or $(SMALLMM_$(1)),$(MMOPT)) $(LEVEL_$(1)) -DGN_MM -DGN_EXACT -DGN_LEVEL=$(1) -DGN_MODE=x -c -o $$@ $$<
$(BUILD)/engine/cpu/$(1)f/table.o: engine/cpu/table.c Makefile
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS) -DGN_TABLE_LEVEL=$(1) -DGN_TABLE_PLAIN=$(or $(PLAIN_$(1)),$(1)) -DGN_TABLE_MODE=f -c -o $$@ $$<
$(BUILD)/engine/cpu/$(1)x/table.o: engine/cpu/table.c Makefile
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS) -DGN_TABLE_LEVEL=$(1) -DGN_TABLE_PLAIN=$(or $(PLAIN_$(1)),$(1)) -DGN_TABLE_MODE=x -c -o $$@ $$<
endef
$(foreach l,$(LEVELS),$(eval $(call level_rules,$(l))))
$(BUILD)/engine/cpu/v2r/ref.o: engine/cpu/ref.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(BASE) -c -o $@ $<

# stb's JPEG writer shifts bits out of an int on purpose.
$(BUILD)/engine/io/image.o: CFLAGS += -fno-sanitize=shift
$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(BASE) $(LUA_CFLAGS) $(DEP_CFLAGS) -c -o $@ $<

HOSTCC  = cc
OBJCOPY = objcopy
$(BUILD)/embed: scripts/embed.c engine/io/deflate.c
	@mkdir -p $(@D)
	$(HOSTCC) -D_GNU_SOURCE -O1 -Iengine -o $@ $<
$(BUILD)/stdlib.c: $(BUILD)/embed $(STDLIB)
	$(BUILD)/embed $@ $(STDLIB)
$(BUILD)/stdlib.o: $(BUILD)/stdlib.c Makefile
	$(CC) $(CFLAGS) -c -o $@ $<

# ---- tests in C: they link the objects, so that they reach what the libraries hide ----
CTESTS  = $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/*.c))
$(BUILD)/tests/alloc: WRAP = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=aligned_alloc
$(BUILD)/tests/%: tests/%.c $(LIBOBJ)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(BASE) $(LUA_CFLAGS) $(WRAP) -o $@ $< $(LIBOBJ) $(LUA_LIBS) $(DEP_LIBS) -lcmocka

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# ---- what people type ----
.PHONY: all setup test run-tests check demo install uninstall clean asan test-exact test-weights bench bench-models tidy
setup:
	@sh scripts/setup.sh

test: setup
	@$(MAKE) --no-print-directory run-tests

# Without a look at the packages.
run-tests: all $(CTESTS)
	@MAKE='$(MAKE)' CC='$(CC)' SANFLAGS='$(SANFLAGS)' sh tests/test.sh $(BUILD)

check: setup
	@$(MAKE) --no-print-directory $(BUILD)/genai
	@$(BUILD)/genai scripts/check.lua

demo: setup
	@$(MAKE) --no-print-directory $(BUILD)/genai
	@$(BUILD)/genai examples/book.lua "a rabbit who wanted to see the sea" -o book.html

$(BUILD)/bench_gemm: scripts/bench_gemm.c $(LIBOBJ)
	$(CC) $(CFLAGS) $(BASE) -o $@ $< $(LIBOBJ) $(LUA_LIBS) $(DEP_LIBS) -lopenblas

bench: setup
	@$(MAKE) --no-print-directory $(BUILD)/genai $(BUILD)/bench_gemm
	@sh scripts/bench.sh $(BUILD)

# The networks beside PyTorch and onnxruntime (PEERS names a Python environment that has them).
bench-models: setup
	@$(MAKE) --no-print-directory $(BUILD)/genai
	@sh scripts/bench_models.sh $(BUILD) $(NETS)

# The networks beside their goldens, a line each; skipped where the weights are not there (GENAI_MODELS says where).
test-weights: setup
	@$(MAKE) --no-print-directory $(BUILD)/genai
	@GENAI_SHOW_GOLDENS=1 GENAI_MODELS=$${GENAI_MODELS:-../shared/assets} $(BUILD)/genai tests/run.lua tests/test_weights_*.lua

# The same bytes for compilers, optimisation levels, threads and ISA levels.
test-exact: setup
	@sh tests/exact.sh

# The whole suite under AddressSanitizer and UndefinedBehaviorSanitizer.
asan: setup
	@$(MAKE) --no-print-directory SAN=1 DEV=1 run-tests

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include
	install -m 755 $(BUILD)/genai $(DESTDIR)$(PREFIX)/bin/genai
	install -m 644 $(BUILD)/libgenai.a $(DESTDIR)$(PREFIX)/lib/libgenai.a
	install -m 755 $(BUILD)/libgenai.so $(DESTDIR)$(PREFIX)/lib/libgenai.so
	install -m 644 bindings/genai.h $(DESTDIR)$(PREFIX)/include/genai.h
	printf '%s\n' 'prefix=$(PREFIX)' 'Name: genai' 'Description: tensors, models and generators with Lua inside' 'Version: 0.1.0' \
	  'Cflags: -I$${prefix}/include' 'Libs: -L$${prefix}/lib -lgenai -Wl,-rpath,$${prefix}/lib' \
	  'Libs.private: $(LUA_LIBS) $(DEP_LIBS)' > $(DESTDIR)$(PREFIX)/lib/pkgconfig/genai.pc

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/genai $(DESTDIR)$(PREFIX)/lib/libgenai.a $(DESTDIR)$(PREFIX)/lib/libgenai.so $(DESTDIR)$(PREFIX)/include/genai.h $(DESTDIR)$(PREFIX)/lib/pkgconfig/genai.pc

clean:
	rm -rf build build-san build-clang build-exact
