/* embed.c: every function of genai.h, as a host uses it. */
#include "genai.h"
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static genai *open_one(uint64_t seed, size_t limit) {
  genai_options o = { .seed = seed, .memory_limit = limit, .threads = 1 };
  genai *g = genai_open(&o);
  assert_non_null(g);
  return g;
}

static void fine(genai *g, const char *code) {
  genai_status s = genai_eval(g, "test", code);
  if (s != GENAI_OK) fail_msg("%s\n  %s", code, genai_error(g));
}

static genai_status get(genai *g, const char *name, genai_value *v) { return genai_get(g, name, v); }

static double number_of(genai *g, const char *name) {
  genai_value v;
  assert_int_equal(get(g, name, &v), GENAI_OK);
  assert_int_equal(v.kind, GENAI_NUMBER);
  double x = v.number;
  genai_release(g, &v);
  return x;
}

/* ---- values ---- */
static void numbers_and_texts(void **state) {
  genai *g = open_one(1, 0);
  genai_value v = { .kind = GENAI_NUMBER, .number = 0.5 }, out;
  assert_int_equal(genai_set(g, "half", &v), GENAI_OK);
  fine(g, "assert(half == 0.5)  flag = true  whole = 2^40");
  assert_true(number_of(g, "flag") == 1 && number_of(g, "whole") == 0x1p40 && number_of(g, "half") == 0.5);
  v.number = 3;
  assert_int_equal(genai_set(g, "three", &v), GENAI_OK);
  fine(g, "assert(math.type(three) == 'integer')");
  v = (genai_value){ .kind = GENAI_TEXT, .data = "a\0b", .size = 3 };
  assert_int_equal(genai_set(g, "text", &v), GENAI_OK);
  fine(g, "assert(#text == 3 and text == 'a\\0b')  text = text .. '\\0\xc3\xa9'");
  assert_int_equal(get(g, "text", &out), GENAI_OK);
  assert_int_equal(out.kind, GENAI_TEXT);
  assert_int_equal(out.size, 6);
  assert_memory_equal(out.data, "a\0b\0\xc3\xa9", 7);
  genai_release(g, &out);
  assert_int_equal(out.kind, GENAI_NIL);
  genai_release(g, &out);                                        /* twice is fine */
  v = (genai_value){ .kind = GENAI_TEXT, .data = "", .size = 0 };
  assert_int_equal(genai_set(g, "text", &v), GENAI_OK);
  fine(g, "assert(text == '')");
  v = (genai_value){ 0 };
  assert_int_equal(genai_set(g, "text", &v), GENAI_OK);
  assert_int_equal(get(g, "text", &out), GENAI_OK);
  assert_int_equal(out.kind, GENAI_NIL);
  fine(g, "f = print  t = {}");
  assert_int_equal(get(g, "f", &out), GENAI_ERROR);
  assert_non_null(strstr(genai_error(g), "function"));
  assert_int_equal(get(g, "t", &out), GENAI_ERROR);
  v.kind = 77;
  assert_int_equal(genai_set(g, "x", &v), GENAI_ERROR);
  genai_close(g);
}

static void arrays(void **state) {
  genai *g = open_one(1, 0);
  float data[256];
  for (int i = 0; i < 256; i++) data[i] = (float)i;
  for (int n = 0; n <= 8; n++) {
    genai_value v = { .kind = GENAI_ARRAY, .data = data, .ndim = n }, out;
    size_t count = 1;
    for (int i = 0; i < n; i++) v.dim[i] = i % 3 + 1, count *= (size_t)v.dim[i];
    v.size = count * sizeof *data;
    assert_int_equal(genai_set(g, "a", &v), GENAI_OK);
    fine(g, "assert(a.dtype == 'f32')  b = a + 1");
    assert_int_equal(get(g, "b", &out), GENAI_OK);
    assert_true(out.kind == GENAI_ARRAY && out.ndim == n && out.size == v.size && !memcmp(out.dim, v.dim, sizeof(int64_t) * (size_t)n));
    for (size_t i = 0; i < count; i++) assert_true(((const float *)out.data)[i] == data[i] + 1);
    genai_release(g, &out);
  }
  genai_value v = { .kind = GENAI_ARRAY, .ndim = 3, .dim = { 2, 0, 4 } }, out;
  assert_int_equal(genai_set(g, "a", &v), GENAI_OK);
  assert_int_equal(get(g, "a", &out), GENAI_OK);
  assert_true(out.kind == GENAI_ARRAY && out.ndim == 3 && out.size == 0 && out.dim[1] == 0 && out.dim[2] == 4);
  genai_release(g, &out);
  fine(g, "local genai = require 'genai'  a = genai.arange(6):reshape(2, 3):transpose(1, 2)  i = genai.tensor({ 1, 2, 3 }, { dtype = 'i64' })");
  assert_int_equal(get(g, "a", &out), GENAI_OK);                 /* a view comes packed */
  assert_true(out.dim[0] == 3 && ((const float *)out.data)[1] == 3);
  genai_value again;
  assert_int_equal(get(g, "a", &again), GENAI_OK);
  fine(g, "a = nil  collectgarbage()  collectgarbage()");        /* a pinned result outlives its name */
  assert_true(((const float *)out.data)[5] == 5 && ((const float *)again.data)[5] == 5);
  genai_release(g, &again);
  genai_release(g, &out);
  assert_int_equal(get(g, "i", &out), GENAI_OK);
  assert_true(out.kind == GENAI_ARRAY && ((const float *)out.data)[2] == 3);
  genai_release(g, &out);
  genai_close(g);
}

static void bad_arrays(void **state) {
  genai *g = open_one(1, 0);
  float data[4] = { 0 };
  genai_value v = { .kind = GENAI_ARRAY, .data = data, .size = 12, .ndim = 1, .dim = { 4 } };
  assert_int_equal(genai_set(g, "a", &v), GENAI_ERROR);
  v.size = 16, v.dim[0] = -4;
  assert_int_equal(genai_set(g, "a", &v), GENAI_ERROR);
  v.ndim = 9;
  assert_int_equal(genai_set(g, "a", &v), GENAI_ERROR);
  v.ndim = -1;
  assert_int_equal(genai_set(g, "a", &v), GENAI_ERROR);
  v.ndim = 2, v.dim[0] = v.dim[1] = INT64_MAX;
  assert_int_equal(genai_set(g, "a", &v), GENAI_ERROR);
  v.dim[0] = (int64_t)1 << 62, v.dim[1] = 1, v.size = 0;
  assert_int_equal(genai_set(g, "a", &v), GENAI_ERROR);
  v = (genai_value){ .kind = GENAI_IMAGE, .data = data, .size = 16, .ndim = 3, .dim = { 2, 2, 3 } };
  assert_int_equal(genai_set(g, "a", &v), GENAI_ERROR);
  v.dim[0] = v.dim[1] = (int64_t)1 << 31, v.dim[2] = 4, v.size = 0;   /* h * w * 4 wraps to 0 */
  assert_int_equal(genai_set(g, "a", &v), GENAI_ERROR);
  v = (genai_value){ .kind = GENAI_AUDIO, .data = data, .size = 16, .ndim = 2, .dim = { 4, 2 }, .number = 8000 };
  assert_int_equal(genai_set(g, "a", &v), GENAI_ERROR);
  v.dim[1] = 1, v.number = -1;
  assert_int_equal(genai_set(g, "a", &v), GENAI_ERROR);
  fine(g, "assert(a == nil)");
  genai_close(g);
}

static void pictures_and_sounds(void **state) {
  genai *g = open_one(1, 0);
  uint8_t pixel[3 * 2 * 4];
  for (int i = 0; i < 24; i++) pixel[i] = i % 4 == 3 ? 255 : (uint8_t)(i * 9);
  genai_value v = { .kind = GENAI_IMAGE, .data = pixel, .size = sizeof pixel, .ndim = 3, .dim = { 2, 3, 4 } }, out;
  assert_int_equal(genai_set(g, "p", &v), GENAI_OK);
  fine(g, "assert(p.width == 3 and p.height == 2)");
  assert_int_equal(get(g, "p", &out), GENAI_OK);
  assert_true(out.kind == GENAI_IMAGE && out.size == 24 && out.ndim == 3 && out.dim[0] == 2 && out.dim[1] == 3 && out.dim[2] == 4);
  assert_memory_equal(out.data, pixel, 24);
  genai_release(g, &out);
  pixel[3] = 0, pixel[7] = 128;                                  /* opacity survives */
  assert_int_equal(genai_set(g, "p", &v), GENAI_OK);
  assert_int_equal(get(g, "p", &out), GENAI_OK);
  assert_memory_equal(out.data, pixel, 24);
  genai_release(g, &out);
  float wave[8] = { 0, 1, 0.5f, -1, -0.5f, 0.25f, 0.125f, 0 };
  v = (genai_value){ .kind = GENAI_AUDIO, .data = wave, .size = sizeof wave, .ndim = 2, .dim = { 4, 2 }, .number = 8000 };
  assert_int_equal(genai_set(g, "s", &v), GENAI_OK);
  fine(g, "assert(s.rate == 8000 and s:tensor().shape[1] == 2 and s:tensor()[1][2]:item() == 0.5)");
  assert_int_equal(get(g, "s", &out), GENAI_OK);
  assert_true(out.kind == GENAI_AUDIO && out.number == 8000 && out.dim[0] == 4 && out.dim[1] == 2 && out.size == sizeof wave);
  assert_memory_equal(out.data, wave, sizeof wave);
  genai_release(g, &out);
  genai_close(g);
}

/* ---- names, calls, errors ---- */
static void dotted_names(void **state) {
  genai *g = open_one(1, 0);
  fine(g, "story = { title = 'x', page = { { text = 'one' } }, deep = { n = 4, f = function(a, b) return a - b end } }");
  assert_true(number_of(g, "story.deep.n") == 4);
  genai_value v = { .kind = GENAI_NUMBER, .number = 9 }, out, two[2] = { v, { .kind = GENAI_NUMBER, .number = 2 } };
  assert_int_equal(genai_set(g, "story.deep.m", &v), GENAI_OK);
  assert_true(number_of(g, "story.deep.m") == 9);
  assert_int_equal(genai_set(g, "nothing.here", &v), GENAI_ERROR);
  assert_int_equal(get(g, "nothing.here", &out), GENAI_OK);
  assert_int_equal(out.kind, GENAI_NIL);
  assert_int_equal(get(g, "story.deep.n.more", &out), GENAI_OK);
  assert_int_equal(out.kind, GENAI_NIL);
  assert_int_equal(get(g, "", &out), GENAI_OK);
  assert_int_equal(get(g, "...", &out), GENAI_OK);
  assert_int_equal(genai_call(g, "story.deep.f", 2, two, &out), GENAI_OK);
  assert_true(out.number == 7);
  assert_int_equal(genai_call(g, "story.deep.f", 2, two, NULL), GENAI_OK);
  assert_int_equal(genai_call(g, "no.such", 0, NULL, &out), GENAI_ERROR);
  assert_non_null(strstr(genai_error(g), "no.such"));
  assert_int_equal(genai_call(g, "story.title", 0, NULL, &out), GENAI_ERROR);
  assert_int_equal(genai_call(g, "math.max", 2, two, &out), GENAI_OK);
  assert_true(out.number == 9);
  genai_close(g);
}

static void errors(void **state) {
  genai *g = open_one(1, 0);
  genai_value out;
  assert_string_equal(genai_error(g), "");
  assert_int_equal(genai_eval(g, "lines", "local function inner() error 'a bad day' end\nfunction outer() inner() end\nouter()"), GENAI_ERROR);
  const char *e = genai_error(g);
  assert_int_equal(strncmp(e, "lines:1: a bad day\n", 19), 0);
  assert_non_null(strstr(e, "stack traceback"));
  assert_non_null(strstr(e, "lines:3:"));
  assert_int_equal(genai_call(g, "outer", 0, NULL, &out), GENAI_ERROR);
  assert_non_null(strstr(genai_error(g), "stack traceback"));
  assert_int_equal(genai_eval(g, "t", "error({})"), GENAI_ERROR);
  assert_int_equal(genai_eval(g, "t", "error(setmetatable({}, { __tostring = function() return 'told' end }))"), GENAI_ERROR);
  assert_non_null(strstr(genai_error(g), "told"));
  assert_int_equal(genai_eval(g, "t", "error()"), GENAI_ERROR);
  assert_int_equal(genai_eval(g, "t", "error(setmetatable({}, { __tostring = error }))"), GENAI_ERROR);
  assert_int_equal(genai_eval(g, "t", "local function f() return f() + 1 end f()"), GENAI_ERROR);
  assert_int_equal(genai_eval(g, "t", "x ="), GENAI_ERROR);
  assert_int_equal(genai_eval(g, NULL, "x = 1"), GENAI_OK);
  assert_int_equal(genai_eval(g, "t", "\x1bLua"), GENAI_ERROR);      /* bytecode is not taken */
  assert_int_equal(genai_run(g, "/no/such/file.lua"), GENAI_ERROR);
  assert_non_null(strstr(genai_error(g), "/no/such/file.lua"));
  assert_int_equal(genai_eval(g, "t", "os.exit(3)"), GENAI_ERROR);    /* a script does not end its host */
  assert_true(number_of(g, "x") == 1);
  genai_close(g);
  genai_close(NULL);
}

static void run_file(void **state) {
  genai *g = open_one(1, 0);
  char path[] = "/tmp/genai-test-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  static const char code[] = "#!/usr/bin/env genai\nran = 5\n";
  assert_int_equal(write(fd, code, sizeof code - 1), sizeof code - 1);
  close(fd);
  assert_int_equal(genai_run(g, path), GENAI_OK);
  assert_true(number_of(g, "ran") == 5);
  unlink(path);
  genai_close(g);
}

typedef struct counter { int calls; double sum; } counter;

static const char *add_up(void *user, int n, const genai_value *arg, genai_value *out) {
  counter *c = user;
  c->calls++;
  for (int i = 0; i < n; i++) {
    if (arg[i].kind == GENAI_NUMBER) c->sum += arg[i].number;
    else if (arg[i].kind == GENAI_ARRAY) for (size_t k = 0; k < arg[i].size / sizeof(float); k++) c->sum += ((const float *)arg[i].data)[k];
    else return "add_up: numbers and arrays only";
  }
  out->kind = GENAI_NUMBER, out->number = c->sum;
  return NULL;
}

static const char *greet(void *user, int n, const genai_value *arg, genai_value *out) {
  out->kind = GENAI_TEXT, out->data = n && arg[0].kind == GENAI_TEXT ? arg[0].data : "nobody", out->size = 0;
  return NULL;
}

static void registered(void **state) {
  genai *g = open_one(1, 0);
  counter c = { 0 };
  assert_int_equal(genai_register(g, "add_up", add_up, &c, "add_up(x ..) -> the sum so far"), GENAI_OK);
  assert_int_equal(genai_register(g, "greet", greet, NULL, NULL), GENAI_OK);
  fine(g, "host = {}  assert(add_up(1, 2) == 3)  assert(add_up(require('genai').ones(2, 2)) == 7)");
  fine(g, "local ok, e = pcall(add_up, 'x')  assert(not ok and e:find('add_up: numbers and arrays only', 1, true), e)");
  fine(g, "local ok, e = pcall(add_up, print)  assert(not ok and e:find 'function', e)");
  fine(g, "for i = 1, 200 do pcall(add_up, 'kept', print) end");
  fine(g, "local t = {} for i = 1, 40 do t[i] = 1 end  local ok, e = pcall(add_up, table.unpack(t))  assert(not ok and e:find('40', 1, true), e)");
  fine(g, "assert(greet('Ada') == 'Ada' and greet() == 'nobody')");
  fine(g, "local co = coroutine.wrap(function() return add_up(1) end)  assert(co() == 8)");
  assert_int_equal(genai_register(g, "host.add", add_up, &c, "x"), GENAI_OK);
  fine(g, "assert(host.add(2) == 10)");
  assert_int_equal(genai_register(g, "none.add", add_up, &c, "x"), GENAI_ERROR);
  assert_int_equal(genai_eval(g, "t", "add_up 'x'"), GENAI_ERROR);
  assert_non_null(strstr(genai_error(g), "t:1: add_up: numbers"));
  assert_int_equal(c.calls, 6);
  genai_close(g);
}

static genai *inner_runtime;
static const char *nested(void *user, int n, const genai_value *arg, genai_value *out) {
  genai *g = inner_runtime;
  genai_value v;
  if (genai_eval(g, "nested", "error 'inside'") != GENAI_ERROR) return "an error was expected";
  if (genai_eval(g, "nested", "inside = (inside or 0) + 1") != GENAI_OK) return genai_error(g);
  if (genai_get(g, "inside", &v) != GENAI_OK) return genai_error(g);
  *out = (genai_value){ .kind = GENAI_NUMBER, .number = v.number };
  genai_release(g, &v);
  return NULL;
}

static void calls_from_inside(void **state) {
  genai *g = inner_runtime = open_one(1, 0);
  assert_int_equal(genai_register(g, "nested", nested, NULL, "x"), GENAI_OK);
  fine(g, "local a, b = 'kept', 2  assert(nested(a, b) == 1 and nested(a, b) == 2 and a == 'kept' and b == 2)");
  fine(g, "assert(coroutine.wrap(function() return nested() end)() == 3)");
  genai_close(g);
}

/* ---- settings ---- */
static void seeds(void **state) {
  static const char code[] = "local genai = require 'genai'  r = genai.randn(8)  m = math.random(1, 1000000)  s = genai.story('a fox', { seed = 3, pages = 4 }).title";
  genai *a = open_one(42, 0), *b = open_one(42, 0), *c = open_one(43, 0);
  genai *all[3] = { a, b, c };
  genai_value r[3], s[3];
  double m[3];
  for (int i = 0; i < 3; i++) fine(all[i], code), get(all[i], "r", &r[i]), get(all[i], "s", &s[i]), m[i] = number_of(all[i], "m");
  assert_memory_equal(r[0].data, r[1].data, r[0].size);
  assert_memory_not_equal(r[0].data, r[2].data, r[0].size);
  assert_string_equal(s[0].data, s[1].data);
  assert_string_equal(s[0].data, s[2].data);
  assert_true(m[0] == m[1] && m[0] != m[2]);
  genai_seed(c, 42);
  genai_release(c, &r[2]);
  fine(c, code), get(c, "r", &r[2]);
  assert_memory_equal(r[0].data, r[2].data, r[0].size);
  for (int i = 0; i < 3; i++) genai_release(all[i], &r[i]), genai_release(all[i], &s[i]), genai_close(all[i]);
}

static void clear(void **state) {
  genai *g = open_one(1, 0);
  genai_value v = { .kind = GENAI_NUMBER, .number = 1 }, out;
  assert_int_equal(genai_set(g, "mine", &v), GENAI_OK);
  fine(g, "local genai = require 'genai'  big = genai.zeros(1 << 20)  other = { big }  print = 'gone'");
  size_t before = genai_memory(g, NULL);
  genai_clear(g);
  assert_true(genai_memory(g, NULL) + (3 << 20) < before);
  assert_int_equal(get(g, "mine", &out), GENAI_OK);
  assert_int_equal(out.kind, GENAI_NIL);
  fine(g, "assert(big == nil and other == nil and type(print) == 'function' and math.sin(0) == 0 and require 'genai')");
  genai_close(g);
}

static void limits(void **state) {
  genai *g = open_one(1, (size_t)64 << 20);
  static const char *const hogs[] = {
    "local t = {} while true do t[#t + 1] = ('x'):rep(1 << 20) .. #t end", "require('genai').zeros(1 << 20, 64)", "local s = 'x' while true do s = s .. s end",
    "local t = {} for i = 1, 1e9 do t[i] = i end", "local genai = require 'genai'  local t = {} while true do t[#t + 1] = genai.zeros(1 << 18) end",
    "local x, t = require('genai').zeros(4), {} while true do t[#t + 1] = x:view(2, 2) end", "local t = setmetatable({}, { __gc = function() end }) while true do t = { t } end", "string.rep('x', 1 << 28)", "local f f = function(n) return { f(n + 1) } end f(1)",
  };
  for (int i = 0; i < 9; i++) {
    genai_status s = genai_eval(g, "hog", hogs[i]);
    if (i < 8 && s != GENAI_NOMEM) fail_msg("status %d, wanted no memory: %s\n  %s", (int)s, hogs[i], genai_error(g));
    assert_int_not_equal(s, GENAI_OK);
    fine(g, "local genai = require 'genai'  assert(genai.ones(3):sum():item() == 3)");
  }
  size_t peak, now = genai_memory(g, &peak);
  assert_true(now > 0 && now <= peak && peak <= (size_t)64 << 20);
  fine(g, "local ok, e = pcall(function() return require('genai').zeros(1 << 20, 64) end)  assert(not ok and e:find 'memory')");
  assert_int_equal(genai_eval(g, "after", "error 'of another kind'"), GENAI_ERROR);   /* a caught one is forgotten */
  genai_limit(g, (size_t)512 << 20);
  fine(g, "keep = require('genai').zeros(1 << 20, 64)");
  fine(g, "keep = nil");
  genai_limit(g, 1);                                             /* below what is in use: nothing new, nothing lost */
  assert_int_equal(genai_eval(g, "t", "local t = {} for i = 1, 1e5 do t[i] = {} end"), GENAI_NOMEM);
  genai_limit(g, 0);
  fine(g, "assert(require('genai').ones(3):sum():item() == 3)");
  genai_close(g);
  genai_options tiny = { .memory_limit = 4096, .threads = 1 };
  assert_null(genai_open(&tiny));
}

/* ---- the host's allocator and log ---- */
typedef struct heap { size_t live, peak, calls; } heap;

static void *host_alloc(void *user, void *block, size_t old, size_t size) {
  heap *h = user;
  h->calls++;
  if (!block) old = 0;
  if (!size) {
    h->live -= old;
    free(block);
    return NULL;
  }
  void *p = realloc(block, size);
  if (p) h->live += size, h->live -= old;
  if (h->live > h->peak) h->peak = h->live;
  return p;
}

static void allocator(void **state) {
  heap h = { 0 };
  genai_options o = { .threads = 1, .alloc = host_alloc, .user = &h };
  genai *g = genai_open(&o);
  assert_non_null(g);
  size_t calls = h.calls;
  assert_true(calls > 100 && h.live > 0);
  fine(g, "local genai = require 'genai'  s = genai.story('an owl', { pages = 4 })  x = genai.randn(100)  y = { (x * x):sum():item() }");
  assert_true(h.calls > calls);
  genai_close(g);
  assert_int_equal(h.live, 0);
}

typedef struct lines { int count, warned; char last[128]; } lines;

static void on_line(void *user, int level, const char *line) {
  lines *l = user;
  if (level) l->warned++;
  else l->count++;
  snprintf(l->last, sizeof l->last, "%s", line);
}

static void logging(void **state) {
  lines l = { 0 };
  genai_options o = { .threads = 1, .log = on_line, .user = &l };
  genai *g = genai_open(&o);
  fine(g, "print('hello', 1, nil)");
  assert_int_equal(l.count, 1);
  assert_string_equal(l.last, "hello\t1\tnil");
  fine(g, "warn('mind', ' the step')");
  assert_int_equal(l.warned, 1);
  assert_string_equal(l.last, "mind the step");
  fine(g, "warn '@off'  warn 'unheard'");
  assert_int_equal(l.warned, 1);
  genai_close(g);
}

/* ---- a root ---- */
static void write_text(const char *folder, const char *name, const char *text) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
}

static const char *const allowed[] = {
  "genai.save(root .. '/a.npy', genai.ones(3))  assert(genai.load(root .. '/a.npy'):sum():item() == 3)",
  "genai.image.from(genai.zeros(3, 4, 4)):save(root .. '/a.png')  assert(genai.load(root .. '/a.png').width == 4)",
  "genai.save(root .. '/in/a.safetensors', { x = genai.ones(2) })  assert(genai.load(root .. '/in/a.safetensors').x)",
  "local f = assert(io.open(root .. '/in/b.txt', 'w'))  f:write 'x'  f:close()  for l in io.lines(root .. '/in/b.txt') do assert(l == 'x') end  os.remove(root .. '/in/b.txt')",
  "genai.save(genai.tmpdir() .. '/t.json', { 1 })  assert(genai.load(genai.tmpdir() .. '/t.json')[1] == 1)",
  "assert(genai.exists(root .. '/in') and not genai.exists(root .. '/none'))", "assert(genai.load(root .. '/./in/../a.npy'))",
};
static const char *const refused[] = {
  "genai.load(out .. '/secret.txt')", "genai.load(root .. '/../' .. outname .. '/secret.txt')", "genai.load(root .. '/link/secret.txt')",
  "genai.load(root .. '/file-link.txt')", "genai.save(out .. '/x.npy', genai.ones(1))", "genai.save(root .. '/link/x.npy', genai.ones(1))",
  "genai.save(root .. '/../x.npy', genai.ones(1))", "assert(io.open(out .. '/secret.txt'))", "assert(io.open(root .. '/link/secret.txt'))",
  "assert(io.open(root .. '/dangling', 'w')):close()", "io.lines(out .. '/secret.txt')", "io.input(out .. '/secret.txt')", "io.output(out .. '/new.txt')",
  "genai.save(root .. '/dangling/x.npy', genai.ones(1))", "core.write(root .. '/..', 'x')", "core.mkdir(out .. '/new')", "core.list(out)", "core.list(root .. '/..')",
  "assert(os.remove(out .. '/secret.txt'))", "os.rename(root .. '/a.npy', out .. '/a.npy')", "os.rename(out .. '/secret.txt', root .. '/s')", "os.execute('true')",
  "io.popen('true')", "os.exit(3)", "os.tmpname()", "os.getenv('HOME')", "io.tmpfile()", "dofile(out .. '/script.lua')", "loadfile(out .. '/script.lua')()",
  "package.path = out .. '/?.lua'  require 'script'", "package.cpath = out .. '/?.so'  require 'script'", "package.loadlib(out .. '/x.so', '*')",
  "package.searchers[3]('script')", "package.searchpath('script', out .. '/?.lua')", "debug.getregistry()", "require('debug').getregistry()",
  "load(string.dump(function() end))()", "load('\\27Lua', 'x', 'b')()", "assert(genai.exists(out .. '/secret.txt'))", "core.safetensors_load(out .. '/w.safetensors')",
  "genai.image.load(out .. '/p.png')", "genai.audio.load(out .. '/s.wav')", "genai.midi.load(out .. '/m.mid')", "genai.recipe(out .. '/p.png')",
  "genai.picture('a fox', { width = 32, height = 24 }):save(out .. '/p.png')", "genai.load(root .. '/a.npy\\0' .. 'x')", "genai.load('/etc/passwd\\0.npy')",
  "genai.book(genai.story('a fox', { pages = 4 })):save(out .. '/b.html')",
};

static void confined(void **state) {
  char root[] = "/tmp/genai-root-XXXXXX", out[] = "/tmp/genai-out-XXXXXX", text[1400];
  assert_true(mkdtemp(root) && mkdtemp(out));
  write_text(out, "secret.txt", "secret"), write_text(out, "script.lua", "return 1"), write_text(root, "start.lua", "started = 1");
  static const char *const more[] = { "p.png", "s.wav", "m.mid", "w.safetensors" };
  for (int i = 0; i < 4; i++) write_text(out, more[i], "secret");
  snprintf(text, sizeof text, "mkdir %s/in && ln -s %s %s/link && ln -s %s/secret.txt %s/file-link.txt && ln -s %s/new.txt %s/dangling && ls -l %s > %s/before",
           root, out, root, out, root, out, root, out, root);
  assert_int_equal(system(text), 0);
  genai_options o = { .threads = 1, .root = root };
  genai *g = genai_open(&o);
  assert_non_null(g);
  snprintf(text, sizeof text, "genai, core, root, out, outname = require 'genai', require 'genai.core', '%s', '%s', '%s'", root, out, out + 5);
  fine(g, text);
  for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) fine(g, allowed[i]);
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
    if (genai_eval(g, "refused", refused[i]) != GENAI_ERROR) fail_msg("allowed: %s", refused[i]);
  snprintf(text, sizeof text, "%s/start.lua", root);
  assert_int_equal(genai_run(g, text), GENAI_OK);
  genai_close(g);
  snprintf(text, sizeof text, "ls -l %s | cmp - %s/before && test ! -e %s/new.txt && rm -rf %s %s", out, root, out, root, out);
  assert_int_equal(system(text), 0);
  o.root = "/no/such/folder";
  assert_null(genai_open(&o));
}

/* ---- several at once ---- */
typedef struct lane { pthread_t thread; int threads; double sum; char title[200]; size_t png; genai_status status; char error[400]; } lane;

static void *drive(void *argument) {
  lane *l = argument;
  genai_options o = { .seed = 11, .threads = l->threads };
  genai *g = genai_open(&o);
  genai_value v = { 0 };
  l->status = !g ? GENAI_NOMEM : genai_eval(g, "lane",
    "local genai = require 'genai'\n"
    "local w = genai.randn(64, 64):requires_grad_()\n"
    "for i = 1, 20 do genai.randn(128, 64):matmul(w):tanh():pow(2):mean():backward() end\n"
    "sum = w.grad:abs():sum():item()\n"
    "title = genai.story('a bear who wanted a hat', { seed = 5, pages = 4 }).title\n"
    "png = #genai.picture('a red boat on the sea', { width = 64, height = 48 }):encode 'png'\n"
    "ok = pcall(genai.matmul, w, genai.ones(3))");
  if (l->status == GENAI_OK) {
    genai_get(g, "sum", &v), l->sum = v.number;
    genai_get(g, "png", &v), l->png = (size_t)v.number;
    genai_get(g, "title", &v), snprintf(l->title, sizeof l->title, "%s", (const char *)v.data), genai_release(g, &v);
  } else if (g) snprintf(l->error, sizeof l->error, "%s", genai_error(g));
  genai_close(g);
  return NULL;
}

static void lanes(void **state) {
  lane l[4] = { { .threads = 1 }, { .threads = 2 }, { .threads = 1 }, { .threads = 2 } };
  for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&l[i].thread, NULL, drive, &l[i]), 0);
  for (int i = 0; i < 4; i++) pthread_join(l[i].thread, NULL);
  for (int i = 0; i < 4; i++) {
    if (l[i].status != GENAI_OK) fail_msg("%s", l[i].error);
    assert_true(l[i].sum == l[0].sum && l[i].png == l[0].png);
    assert_string_equal(l[i].title, l[0].title);
  }
}

static void lua_state(void **state) {
  genai *g = open_one(1, 0);
  assert_non_null(genai_lua(g));
  genai_options zero = { 0 };
  genai *h = genai_open(&zero), *n = genai_open(NULL);
  assert_true(h && n);
  fine(h, "assert(require('genai').threads() >= 1)");
  fine(n, "assert(require('genai').threads() >= 1)");
  genai_close(n);
  genai_close(h);
  genai_close(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(numbers_and_texts), cmocka_unit_test(arrays), cmocka_unit_test(bad_arrays), cmocka_unit_test(pictures_and_sounds),
    cmocka_unit_test(dotted_names), cmocka_unit_test(errors), cmocka_unit_test(run_file), cmocka_unit_test(registered), cmocka_unit_test(calls_from_inside),
    cmocka_unit_test(seeds), cmocka_unit_test(clear), cmocka_unit_test(limits), cmocka_unit_test(allocator), cmocka_unit_test(logging),
    cmocka_unit_test(confined), cmocka_unit_test(lanes), cmocka_unit_test(lua_state),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
