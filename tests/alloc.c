/* alloc.c: allocations that fail, one after the other, over scripts that touch each module: always a status, never a crash, nothing lost.
 * Two counters: what the runtime's account knows (Lua's requests and the engine's blocks), and malloc itself in our own objects (--wrap).
 * GENAI_ALLOC_RUNS=n makes n runs a script and counter instead of RUNS, "all" makes every allocation fail in turn (some minutes). */
#include "bind.h"
#include "base.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define RUNS 500
#define ALL INT64_MAX
#define REUSE 40                          /* runs in one runtime */

static const char *const scripts[] = {
  "local x = genai.randn(4, 6):requires_grad_() local w = genai.randn(5, 6):requires_grad_()\n"
  "local y = genai.linear(x, w):softmax(-1):log():sum() + (x * 2 - 1):tanh():mean() + genai.cat({ x, x }, 1):std()\n"
  "y:backward() w:zero_grad_() local g = genai.grad((x * x * x):sum(), x, { create_graph = true }) genai.grad((g * g):sum(), x)",
  "local x = genai.randn(1, 2, 8, 8):requires_grad_() local w = genai.randn(4, 2, 3, 3):requires_grad_()\n"
  "genai.conv2d(x, w, nil, { pad = 1 }):relu():max_pool2d(2):sum():backward()",
  "local x = genai.randn(2, 6, 8):requires_grad_() local q = x:reshape(2, 2, 6, 4)\n"
  "genai.attention(q, q, q, { causal = true }):layer_norm():sum():backward()",
  "local x = genai.randn(3, 4):requires_grad_() local function deep(t) for _ = 1, 4 do t = (t * 1.1):tanh() end return t end\n"
  "genai.checkpoint(deep, x):sum():backward() genai.no_grad(deep, x) pcall(genai.grad, x:detach():sum(), x)",
  "local s = genai.json.encode { a = { 1, 2, { b = 'x' } }, c = true, d = 1.5 } local t = genai.json.decode(s) assert(t.a[3].b == 'x') pcall(genai.json.decode, '[1,')",
  "local r = genai.rng(7, 'x') r:uniform() r:shuffle { 1, 2, 3, 4 } r:choose({ 'a', 'b' }, { 1, 2 }) genai.randn(10) genai.rand(3, 3) genai.arange(9):reshape(3, 3)[2]:totable()",
  "local x = genai.randn(5, 5) tostring(x) x:sort(1) x:topk(2, 1) x:cumsum(1) genai.einsum('ij,jk->ik', x, x) x:to 'f16' x:permute(2, 1):contiguous() pcall(genai.matmul, x, genai.ones(3))",
  "local s = genai.story('a rabbit who wanted to see the sea', { seed = 3, pages = 4 }) assert(#s.pages >= 4)",
  "local p = genai.picture('a red boat on the sea at night', { width = 32, height = 24 }) assert(p.width == 32)",
  "local t = genai.tune('calm', { seconds = 2 }) local s = t:render() assert(s.rate == 44100)",
  "local t = genai.midi.decode(genai.midi.encode(genai.tune('happy', { seconds = 2 }))) assert(t)",
  "local p = genai.image.from(genai.rand(3, 9, 12)) for _, k in ipairs { 'png', 'jpg', 'bmp', 'tga' } do assert(genai.image.decode(p:encode(k), k).width == 12) end p:resize(5, 4):crop(1, 1, 3, 3)",
  "local a = genai.audio.from(genai.rand(2, 400), 8000) for _, k in ipairs { 'wav', 'flac', 'ogg' } do assert(genai.audio.decode(a:encode(k), k).rate == 8000) end a:resample(4000)",
  "local d = genai.tmpdir() genai.save(d .. '/a.npy', genai.ones(3)) genai.load(d .. '/a.npy') genai.save(d .. '/a.npz', { x = genai.ones(3), y = genai.zeros(2) }) genai.load(d .. '/a.npz')\n"
  "genai.save(d .. '/a.safetensors', { x = genai.ones(3), y = genai.arange(4) }) genai.load(d .. '/a.safetensors') genai.save(d .. '/a.json', { 1 }) genai.load(d .. '/a.json') pcall(genai.load, d .. '/none.npy') core.list(d) genai.recipe(d .. '/a.npz')",
  "local s = genai.story('a fox', { seed = 3, pages = 4 }) for _, p in ipairs(s.pages) do p.picture = genai.picture(p, { width = 32, height = 24 }) end assert(#genai.book(s):html() > 1000)",
  "local t = setmetatable({}, { __gc = function() return genai.ones(3) + 1 end, __close = function() local x = genai.ones(2) * 2 end }) do local c <close> = t end\n"
  "local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(genai.ones(i)) end end) co() co() for k, v in pairs { b = 1, a = 2, 3 } do end load('return ...')(1)",
};
#define SCRIPTS (int)(sizeof scripts / sizeof *scripts)

/* ---- malloc that fails ---- */
static int64_t left = -1, run_of, seen;   /* left < 0 = off */
static bool hit(void) {
  seen++;
  if (left < 0) return false;
  if (left > 0) return left--, false;
  if (--run_of <= 0) left = -1;
  return true;
}

void *__real_malloc(size_t), *__real_calloc(size_t, size_t), *__real_realloc(void *, size_t), *__real_aligned_alloc(size_t, size_t);
char *__real_strdup(const char *);
void *__wrap_malloc(size_t n) { return hit() ? NULL : __real_malloc(n); }
void *__wrap_calloc(size_t n, size_t size) { return hit() ? NULL : __real_calloc(n, size); }
void *__wrap_realloc(void *p, size_t n) { return hit() ? NULL : __real_realloc(p, n); }
void *__wrap_aligned_alloc(size_t a, size_t n) { return hit() ? NULL : __real_aligned_alloc(a, n); }
char *__wrap_strdup(const char *s) { return hit() ? NULL : __real_strdup(s); }

typedef struct heap { int64_t live; bool counts; } heap;
static void *host_alloc(void *user, void *block, size_t old, size_t size) {
  heap *h = user;
  if (!block) old = 0;
  if (!size) return h->live -= (int64_t)old, free(block), NULL;
  if (h->counts && size > old && hit()) return NULL;
  void *p = __real_realloc(block, size);
  if (p) h->live += (int64_t)size - (int64_t)old;
  return p;
}

/* ---- one runtime ---- */
static const genai_options *options_for(heap *h) {
  static genai_options o;
  o = (genai_options){ .threads = 1, .alloc = host_alloc, .user = h, .seed = 5 };
  return &o;
}

static void must(genai *rt, const char *code, const char *when, int64_t n) {
  if (genai_eval(rt, "check", code) != GENAI_OK) fail_msg("%s, allocation %lld: %s", when, (long long)n, genai_error(rt));
}

/* Tensors, storages, nodes; without the few numbers that are kept for reuse. */
static void count_alive(const gn *g, int64_t n[3]) {
  memcpy(n, g->counted, 3 * sizeof *n);
  for (int i = 0; i < 4; i++)
    if (g->spare[i]) n[0]--, n[1]--;
}

static void settled(genai *rt, const int64_t *base, const char *script, int64_t n) {
  lua_gc(rt->L, LUA_GCCOLLECT), lua_gc(rt->L, LUA_GCCOLLECT);
  const gn *g = rt->g;
  int64_t now[3];
  count_alive(g, now);
  for (int i = 0; i < 3; i++)
    if (now[i] != base[i]) fail_msg("%s\nallocation %lld: %lld of kind %d alive, %lld before", script, (long long)n, (long long)now[i], i, (long long)base[i]);
  if (g->ntemps || g->depth || !g->recording || g->segment || g->draining || g->dying)
    fail_msg("%s\nallocation %lld left temps %d, depth %d, recording %d, segment %d, draining %d", script, (long long)n, g->ntemps, g->depth, g->recording, g->segment != NULL, g->draining);
  if (lua_gettop(rt->L)) fail_msg("%s\nallocation %lld: %d values left on the stack", script, (long long)n, lua_gettop(rt->L));
}

/* Closes in two steps: when Lua is gone, no tensor may be left. */
static void close_checked(genai *rt, heap *h, const char *what, int64_t n) {
  rt->opening = rt->closing = true;
  lua_close(rt->L);
  rt->L = NULL;
  int64_t now[3];
  count_alive(rt->g, now);
  for (int i = 0; i < 3; i++)
    if (now[i]) fail_msg("%s\nallocation %lld: %lld of kind %d alive at close", what, (long long)n, (long long)now[i], i);
  if (rt->g->ntemps) fail_msg("%s\nallocation %lld: %d temporaries at close", what, (long long)n, rt->g->ntemps);
  genai_close(rt);
  if (h->live) fail_msg("%s\nallocation %lld: the host's allocator is off by %lld bytes", what, (long long)n, (long long)h->live);
}

static genai *open_ready(heap *h, const char *script, int64_t base[3]) {
  *h = (heap){ 0 };
  genai *rt = genai_open(options_for(h));
  assert_non_null(rt);
  must(rt, "genai = require 'genai'  core = require 'genai.core'", "open", -1);
  for (int i = 0; i < 2; i++) must(rt, script, script, -1);         /* twice: what is kept is kept now */
  lua_gc(rt->L, LUA_GCCOLLECT), lua_gc(rt->L, LUA_GCCOLLECT);
  count_alive(rt->g, base);
  return rt;
}

/* Starts failing at allocation n; one, two (Lua collects and asks again after the first), or all that follow. */
static void arm(genai *rt, bool by_malloc, int64_t n, int i) {
  static const int64_t runs[] = { 2, INT64_MAX, 1, 3 };
  if (by_malloc) left = n, run_of = runs[i % 4];
  else gn_fail_alloc_after(rt->g, n, runs[i % 4]);
}

static int64_t how_many(genai *rt, const char *script, bool by_malloc) {
  int64_t most = (int64_t)1 << 40, before = seen;
  if (!by_malloc) gn_fail_alloc_after(rt->g, most, 1);
  must(rt, script, script, -1);
  return by_malloc ? seen - before : most - gn_fail_alloc_after(rt->g, -1, 1);
}

/* How many allocations of a script fail; ALL = every one. */
static int64_t runs_wanted(void) {
  const char *text = getenv("GENAI_ALLOC_RUNS");
  return text ? (!strcmp(text, "all") ? ALL : atoll(text)) : RUNS;
}

static void fail_over(const char *script, bool by_malloc) {
  int64_t base[3], runs = runs_wanted();
  heap h;
  genai *rt = open_ready(&h, script, base);
  int64_t count = how_many(rt, script, by_malloc), dense = runs / 2;
  double stride = count > runs ? (double)(count - dense) / (double)(runs - dense) : 1;
  for (int i = 0; i < (count < runs ? count : runs); i++) {
    int64_t n = i < dense || stride <= 1 ? i : dense + (int64_t)((double)(i - dense) * stride);
    if (getenv("GENAI_ALLOC_SAY")) fprintf(stderr, "%s %lld of %lld\n", by_malloc ? "malloc" : "account", (long long)n, (long long)count);
    arm(rt, by_malloc, n, i);
    genai_status status = genai_eval(rt, "failing", script);
    left = -1, gn_fail_alloc_after(rt->g, -1, 1);
    if (status != GENAI_OK && !*genai_error(rt)) fail_msg("%s\nallocation %lld: no error text", script, (long long)n);
    settled(rt, base, script, n);
    must(rt, "assert(genai.ones(3, 3):sum():item() == 9)", script, n);
    if (i % REUSE == REUSE - 1) close_checked(rt, &h, script, n), rt = open_ready(&h, script, base);
  }
  must(rt, script, script, -2);                                  /* as if nothing had been */
  close_checked(rt, &h, script, -1);
}

static void opening(void **state) {
  for (int64_t n = 0, failed = 1; failed || n < 2000; n++) {
    heap h = { .counts = true };
    left = n, run_of = n % 2 ? INT64_MAX : 2;
    if (n > 2600 && runs_wanted() < ALL) n += 40;
    genai *rt = genai_open(options_for(&h));
    failed = !rt;
    if (rt && genai_eval(rt, "open", "genai = require 'genai'  genai.ones(2)") != GENAI_OK) failed = 1;
    left = -1;
    if (rt) must(rt, "genai = require 'genai'  assert(genai.ones(3):sum():item() == 3)", "open", n), close_checked(rt, &h, "open", n);
    else if (h.live) fail_msg("open, allocation %lld: %lld bytes of the host's allocator left", (long long)n, (long long)h.live);
  }
}

static void scripts_account(void **state) { for (int i = 0; i < SCRIPTS; i++) fail_over(scripts[i], false); }
static void scripts_malloc(void **state) { for (int i = 0; i < SCRIPTS; i++) fail_over(scripts[i], true); }

int main(int argc, char **argv) {
  if (argc > 1) return fail_over(argv[1], argc > 2), 0;            /* one script by hand */
  const struct CMUnitTest tests[] = { cmocka_unit_test(opening), cmocka_unit_test(scripts_account), cmocka_unit_test(scripts_malloc) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
