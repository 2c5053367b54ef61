/* lua_tensor.c: tensors as Lua values: boxes, fields, indexing, making from tables, reading back, printing. */
#include "bind.h"
#include "core.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

const char tensor_metatable[1] = { 0 };

/* ---- boxes ---- */
tensor_box *new_box(lua_State *L) {
  if (rt_of(L)->closing) luaL_error(L, "tensor: the runtime is closing");
  tensor_box *b = lua_newuserdatauv(L, sizeof *b, 0);
  b->t = NULL, b->magic = rt_of(L)->box_magic;
  lua_rawgetp(L, LUA_REGISTRYINDEX, tensor_metatable);
  lua_setmetatable(L, -2);
  return b;
}

void push_tensor(lua_State *L, gn_tensor *t) {
  genai *rt = rt_of(L);
  gn_hold(rt->g, t);                                             /* Lua may run out of memory: the scope then frees it */
  tensor_box *b = new_box(L);
  b->t = t;
  rt->g->ntemps--;
}

static tensor_box *to_box(lua_State *L, int i) {
  if (lua_rawlen(L, i) != sizeof(tensor_box)) return NULL;
  tensor_box *b = lua_touserdata(L, i);
  return b && b->magic == rt_of(L)->box_magic ? b : NULL;
}

gn_tensor *to_tensor(lua_State *L, int i) {
  const tensor_box *b = to_box(L, i);
  return b ? b->t : NULL;
}

const char *kind_name(lua_State *L, int i) { return to_box(L, i) ? "released tensor" : luaL_typename(L, i); }

gn_tensor *check_tensor(lua_State *L, int i, const char *op, const char *name) {
  gn_tensor *t = to_tensor(L, i);
  if (!t) raisef(L, "%s: %s is a %s, wanted a tensor", op, name, kind_name(L, i));
  return t;
}

/* ---- fields and indexing ---- */
static gn_tensor *selected(lua_State *L, gn_tensor *t, int i) {
  gn *g = rt_of(L)->g;
  gn_tensor *out[GN_MAX_OUTS];
  char text[160];
  if (t->ndim == 0) raisef(L, "index: x is %s, which has no dims", gn_shape_text(t, text, sizeof text));
  gn_arg a[3] = { gn_t(t), gn_n(1), gn_n(lua_tonumber(L, i)) };
  if (!gn_call(g, GN_OP_select, a, 3, out)) raise_error(L);
  return out[0];
}

static int push_shape(lua_State *L, const gn_tensor *t) {
  lua_createtable(L, t->ndim, 0);
  for (int i = 0; i < t->ndim; i++) lua_pushinteger(L, t->dim[i]), lua_rawseti(L, -2, i + 1);
  return 1;
}

static int field(lua_State *L, gn_tensor *t, const char *key) {
  if (!strcmp(key, "shape")) return push_shape(L, t);
  if (!strcmp(key, "dtype")) return lua_pushstring(L, gn_dtype_name(t->dtype)), 1;
  if (!strcmp(key, "requires_grad")) return lua_pushboolean(L, t->wants_grad), 1;
  if (!strcmp(key, "is_leaf")) return lua_pushboolean(L, !t->node || t->node->op == GN_OPS), 1;
  if (!strcmp(key, "grad")) {
    if (t->grad) push_tensor(L, gn_ref(t->grad));
    else lua_pushnil(L);
    return 1;
  }
  lua_getglobal(L, "require");                                   /* unknown: the message names the nearest method */
  lua_pushliteral(L, "genai.tensor");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "unknown");
  lua_pushstring(L, key);
  lua_call(L, 1, 0);
  return 0;
}

static void trace_select(lua_State *L, gn_tensor *t, gn_tensor *part) {
  gn_arg a[3] = { gn_t(t), gn_n(1), gn_n(lua_tonumber(L, 2)) };
  trace_op(L, GN_OP_select, a, 3, (gn_tensor *[]){ part });
}

static int get_index(lua_State *L) {
  gn_tensor *t = to_tensor(L, 1);
  if (!t) return raisef(L, "index: the tensor was released");
  rt_of(L)->now = L;
  switch (lua_type(L, 2)) {
    case LUA_TSTRING:
      lua_pushvalue(L, 2);
      if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
      return field(L, t, lua_tostring(L, 2));
    case LUA_TNUMBER: {
      tensor_box *b = new_box(L);
      b->t = selected(L, t, 2);
      if (rt_of(L)->traced) trace_select(L, t, b->t);
      return 1;
    }
    default: return raisef(L, "index: key is a %s, wanted a position or a name", luaL_typename(L, 2));
  }
}

static int new_index(lua_State *L) {
  gn_tensor *t = to_tensor(L, 1), *value = to_tensor(L, 3);
  gn *g = rt_of(L)->g;
  rt_of(L)->now = L;
  if (!t) return raisef(L, "index: the tensor was released");
  if (lua_type(L, 2) == LUA_TSTRING && !strcmp(lua_tostring(L, 2), "grad") && (value || lua_isnil(L, 3))) {
    gn_tensor *old = t->grad;
    t->grad = value ? gn_ref(value) : NULL;
    gn_unref(old);
    return 0;
  }
  if (lua_type(L, 2) != LUA_TNUMBER) return raisef(L, "index: tensors have no field \"%s\" to write, wanted a position", lua_tostring(L, 2));
  if (t->wants_grad && gn_recording(g)) return raisef(L, "index: x is on the tape and may not be written in place: use genai.no_grad");
  if (rt_of(L)->traced) return raisef(L, "index: x[i] = value writes in place, which is not traced");
  tensor_box *b = new_box(L);
  b->t = selected(L, t, 2);
  gn_arg a[2] = { gn_t(b->t), value ? gn_t(value) : gn_n(lua_tonumber(L, 3)) };
  if (!value && lua_type(L, 3) != LUA_TNUMBER) return raisef(L, "index: value is a %s, wanted a tensor or a number", luaL_typename(L, 3));
  gn_tensor *out[GN_MAX_OUTS];
  if (!gn_call(g, value ? GN_OP_copy_ : GN_OP_fill_, a, 2, out)) return raise_error(L);
  gn_unref(out[0]);
  return 0;
}

static int length(lua_State *L) {
  gn_tensor *t = check_tensor(L, 1, "#", "x");
  lua_pushinteger(L, t->ndim ? t->dim[0] : 0);
  return 1;
}

/* ---- from tables ---- */
typedef struct reader { lua_State *L; gn_tensor *t; int64_t at; } reader;

static int table_shape(lua_State *L, int i, int64_t *dim, bool *bools) {
  int n = 0;
  lua_pushvalue(L, i);
  while (lua_type(L, -1) == LUA_TTABLE) {
    if (n == GN_MAX_DIMS) raisef(L, "tensor: the table is nested deeper than %d", GN_MAX_DIMS);
    dim[n++] = (int64_t)lua_rawlen(L, -1);
    lua_rawgeti(L, -1, 1);
    lua_remove(L, -2);
  }
  *bools = lua_type(L, -1) == LUA_TBOOLEAN;
  lua_pop(L, 1);
  return n;
}

static void read_table(reader *r, int depth) {
  lua_State *L = r->L;
  if (depth == r->t->ndim) {
    if (lua_type(L, -1) == LUA_TBOOLEAN) gn_set(r->t, r->at++, lua_toboolean(L, -1));
    else if (lua_type(L, -1) == LUA_TNUMBER) {
      if (r->t->dtype == GN_I64 && lua_isinteger(L, -1)) ((int64_t *)(void *)r->t->data)[r->at++] = lua_tointeger(L, -1);
      else gn_set(r->t, r->at++, lua_tonumber(L, -1));
    } else raisef(L, "tensor: the table holds a %s, wanted numbers", luaL_typename(L, -1));
    return;
  }
  if (lua_type(L, -1) != LUA_TTABLE || (int64_t)lua_rawlen(L, -1) != r->t->dim[depth])
    raisef(L, "tensor: the table is ragged at depth %d: found %s, wanted a list of %d", depth + 1,
           lua_type(L, -1) == LUA_TTABLE ? "a list of another length" : luaL_typename(L, -1), (int)r->t->dim[depth]);
  luaL_checkstack(L, 2, "tensor");
  for (int64_t k = 1; k <= r->t->dim[depth]; k++) {
    lua_rawgeti(L, -1, k);
    read_table(r, depth + 1);
    lua_pop(L, 1);
  }
}

static gn_dtype dtype_option(lua_State *L, int i, gn_dtype otherwise) {
  gn_dtype type = otherwise;
  if (lua_type(L, i) == LUA_TSTRING) {
    if (!gn_dtype_of(lua_tostring(L, i), &type)) raise_error(L);
  } else if (lua_type(L, i) == LUA_TTABLE) {
    if (lua_getfield(L, i, "dtype") == LUA_TSTRING && !gn_dtype_of(lua_tostring(L, -1), &type)) raise_error(L);
    lua_pop(L, 1);
  }
  return type;
}

/* tensor(table or number, { dtype = "f32" }): nested lists give the shape. */
static int make(lua_State *L) {
  rt_of(L)->now = L;
  int64_t dim[GN_MAX_DIMS];
  bool bools = lua_type(L, 1) == LUA_TBOOLEAN;
  int n = 0, type = lua_type(L, 1);
  gn_tensor *x = to_tensor(L, 1);
  if (type != LUA_TTABLE && type != LUA_TNUMBER && type != LUA_TBOOLEAN && !x) return raisef(L, "tensor: data is a %s, wanted a number or nested lists of numbers", luaL_typename(L, 1));
  if (type == LUA_TTABLE) n = table_shape(L, 1, dim, &bools);
  gn_dtype dtype = dtype_option(L, 2, x ? x->dtype : bools ? GN_BOOL : GN_F32);
  tensor_box *b = new_box(L);
  if (x) {
    if (!(b->t = gn_new(x->g, dtype, x->ndim, x->dim)) || !gn_copy_into(b->t, x)) return raise_error(L);
    return 1;
  }
  if (!(b->t = gn_zeros(rt_of(L)->g, dtype, n, dim))) return raise_error(L);
  reader r = { L, b->t, 0 };
  lua_pushvalue(L, 1);
  if (gn_numel(b->t)) read_table(&r, 0);
  lua_pop(L, 1);
  return 1;
}

/* ---- back to Lua ---- */
static void push_element(lua_State *L, const gn_tensor *t, int64_t i) {
  if (t->dtype == GN_BOOL) lua_pushboolean(L, gn_get(t, i) != 0);
  else if (gn_is_float(t->dtype)) lua_pushnumber(L, gn_get(t, i));
  else lua_pushinteger(L, gn_get_whole(t, i));
}

static int item(lua_State *L) {
  gn_tensor *t = check_tensor(L, 1, "item", "x");
  char text[160];
  if (gn_numel(t) != 1) return raisef(L, "item: x is %s, wanted one element", gn_shape_text(t, text, sizeof text));
  if (t->dtype == GN_BOOL) lua_pushinteger(L, (lua_Integer)gn_get(t, 0));
  else push_element(L, t, 0);
  return 1;
}

static int64_t push_nested(lua_State *L, const gn_tensor *t, int depth, int64_t at) {
  if (depth == t->ndim) return push_element(L, t, at), at + 1;
  luaL_checkstack(L, 3, "totable");
  lua_createtable(L, (int)(t->dim[depth] < 1 << 20 ? t->dim[depth] : 1 << 20), 0);
  const float *plain = depth == t->ndim - 1 && t->dtype == GN_F32 && gn_packed(t) ? (const float *)(const void *)t->data : NULL;     /* a sampler reads a row each step */
  for (int64_t k = 1; k <= t->dim[depth]; k++) {
    if (plain) lua_pushnumber(L, plain[at++]);
    else at = push_nested(L, t, depth + 1, at);
    lua_rawseti(L, -2, k);
  }
  return at;
}

static int totable(lua_State *L) {
  push_nested(L, check_tensor(L, 1, "totable", "x"), 0, 0);
  return 1;
}

static int numel(lua_State *L) { return lua_pushinteger(L, gn_numel(check_tensor(L, 1, "numel", "x"))), 1; }
static int ndim(lua_State *L) { return lua_pushinteger(L, check_tensor(L, 1, "dim", "x")->ndim), 1; }
static int is_packed(lua_State *L) { return lua_pushboolean(L, gn_packed(check_tensor(L, 1, "is_contiguous", "x"))), 1; }
static int is_tensor(lua_State *L) { return lua_pushboolean(L, to_tensor(L, 1) != NULL), 1; }

/* core.storage(x) -> a number that is the same for views of one storage: for code that must save shared weights once. */
static int storage(lua_State *L) {
  lua_pushlightuserdata(L, check_tensor(L, 1, "storage", "x")->store);
  return 1;
}

static bool same_shape(const gn_tensor *a, const gn_tensor *b) { return a->ndim == b->ndim && !memcmp(a->dim, b->dim, (size_t)a->ndim * sizeof *a->dim); }

/* Elements of both, packed and in f32 unless both are integers of 64 bits. */
static bool compare(lua_State *L, bool (*differs)(double, double, double, double), double rtol, double atol) {
  gn_tensor *a = check_tensor(L, 1, "equal", "x"), *b = check_tensor(L, 2, "equal", "other");
  if (!same_shape(a, b)) return false;
  int64_t n = gn_numel(a);
  if (a->dtype == GN_F32 && b->dtype == GN_F32 && gn_packed(a) && gn_packed(b)) {
    const float *x = gn_f32(a), *y = gn_f32(b);
    for (int64_t i = 0; i < n; i++)
      if (x[i] != y[i] && differs(x[i], y[i], rtol, atol)) return false;
    for (int64_t i = 0; i < n; i++)
      if (x[i] != x[i] || y[i] != y[i]) return false;
    return true;
  }
  for (int64_t i = 0; i < n; i++)
    if (differs(gn_get(a, i), gn_get(b, i), rtol, atol)) return false;
  return true;
}

static bool unequal(double x, double y, double rtol, double atol) { return !(x == y); }
static bool far(double x, double y, double rtol, double atol) { return !(x == y || fabs(x - y) <= atol + rtol * fabs(y)); }

static int equal(lua_State *L) { return lua_pushboolean(L, compare(L, unequal, 0, 0)), 1; }

static double option(lua_State *L, int i, const char *name, double otherwise) {
  double x = otherwise;
  if (lua_type(L, i) == LUA_TTABLE) {
    lua_getfield(L, i, name);
    if (lua_isnumber(L, -1)) x = lua_tonumber(L, -1);
    lua_pop(L, 1);
  }
  return x;
}

static int close_to(lua_State *L) { return lua_pushboolean(L, compare(L, far, option(L, 3, "rtol", 1e-5), option(L, 3, "atol", 1e-6))), 1; }

/* ---- printing: type, shape, corners ---- */
static void add_number(luaL_Buffer *b, const gn_tensor *t, int64_t i) {
  char text[40];
  double x = gn_get(t, i);
  if (t->dtype == GN_BOOL) snprintf(text, sizeof text, "%s", x != 0 ? "true" : "false");
  else if (!gn_is_float(t->dtype) || (x == floor(x) && fabs(x) < 1e6)) snprintf(text, sizeof text, "%.0f", x);
  else snprintf(text, sizeof text, fabs(x) >= 1e-3 && fabs(x) < 1e6 ? "%.4f" : "%.3e", x);
  luaL_addstring(b, " ");
  for (size_t n = strlen(text); n < 8; n++) luaL_addchar(b, ' ');
  luaL_addstring(b, text);
}

static void add_row(luaL_Buffer *b, const gn_tensor *t, int64_t at, int64_t n) {
  for (int64_t k = 0; k < n; k++) {
    if (n > 8 && k == 4) luaL_addstring(b, "  ..."), k = n - 4;
    add_number(b, t, at + k);
  }
}

static void add_rows(luaL_Buffer *b, const gn_tensor *t, int depth, int64_t at, int64_t step) {
  int64_t n = t->dim[depth];
  if (depth == t->ndim - 1) {
    luaL_addstring(b, "\n");
    add_row(b, t, at, n);
    return;
  }
  int64_t inner = n ? step / n : 0, most = t->ndim - depth > 2 ? 1 : 3;
  for (int64_t k = 0; k < n; k++) {
    if (n > 2 * most && k == most) luaL_addstring(b, "\n   ..."), k = n - most;
    add_rows(b, t, depth + 1, at + k * inner, inner);
  }
  if (t->ndim - depth == 2 && depth > 0) luaL_addstring(b, "\n");
}

static int to_string(lua_State *L) {
  gn_tensor *t = check_tensor(L, 1, "tostring", "x");
  char text[200];
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  luaL_addstring(&b, gn_shape_text(t, text, sizeof text));
  if (gn_numel(t) && t->ndim == 0) add_number(&b, t, 0);
  else if (gn_numel(t)) add_rows(&b, t, 0, 0, gn_numel(t));
  luaL_pushresult(&b);
  return 1;
}

/* ---- raw bytes: for files written in Lua ---- */
static int bytes(lua_State *L) {
  tensor_box *b = new_box(L);
  if (!(b->t = gn_pack(check_tensor(L, 1, "bytes", "x")))) return raise_error(L);
  lua_pushlstring(L, b->t->data, (size_t)gn_numel(b->t) * gn_size(b->t->dtype));
  return 1;
}

/* core.from_bytes(bytes, dtype, {sizes}): little-endian elements. */
static int from_bytes(lua_State *L) {
  size_t len;
  const char *data = luaL_checklstring(L, 1, &len);
  gn_dtype type;
  int64_t dim[GN_MAX_DIMS];
  if (!gn_dtype_of(luaL_checkstring(L, 2), &type)) return raise_error(L);
  luaL_checktype(L, 3, LUA_TTABLE);
  int n = (int)lua_rawlen(L, 3);
  if (n > GN_MAX_DIMS) return raisef(L, "from_bytes: %d sizes, wanted at most %d", n, GN_MAX_DIMS);
  for (int i = 0; i < n; i++) lua_rawgeti(L, 3, i + 1), dim[i] = luaL_checkinteger(L, -1), lua_pop(L, 1);
  int64_t count = 1;
  for (int i = 0; i < n; i++)
    if (dim[i] < 0 || !gn_mul_ok(count, dim[i], &count)) return raisef(L, "from_bytes: size %d is bad", i + 1);
  if ((uint64_t)count > len / gn_size(type) || (size_t)count * gn_size(type) != len)
    return raisef(L, "from_bytes: %d bytes, wanted %.0f elements of %d bytes", (int)len, (double)count, (int)gn_size(type));
  tensor_box *b = new_box(L);
  if (!(b->t = gn_new(rt_of(L)->g, type, n, dim))) return raise_error(L);
  if (type == GN_BOOL) for (size_t i = 0; i < len; i++) b->t->data[i] = data[i] != 0;
  else memcpy(b->t->data, data, len);
  return 1;
}

/* The box lets go of its tensor, whose memory is free once views and the tape do not hold it either. */
static int release(lua_State *L) {
  tensor_box *b = to_box(L, 1);
  if (!b) return raisef(L, "release: x is a %s, wanted a tensor", luaL_typename(L, 1));
  gn_tensor *t = b->t;
  b->t = NULL;
  gn_unref(t);
  return 0;
}

static const luaL_Reg methods[] = {
  { "item", item }, { "totable", totable }, { "numel", numel }, { "dim", ndim }, { "equal", equal }, { "close", close_to }, { "release", release },
  { "is_contiguous", is_packed }, { "bytes", bytes }, { NULL, NULL },
};
static const luaL_Reg meta[] = { { "__close", release }, { "__newindex", new_index }, { "__len", length }, { "__tostring", to_string }, { NULL, NULL } };
static const luaL_Reg functions[] = { { "tensor", make }, { "is_tensor", is_tensor }, { "from_bytes", from_bytes }, { "storage", storage }, { NULL, NULL } };

/* Stack: core. Adds core.methods, core.metatable and the functions above. */
void open_tensor(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  lua_newtable(L);
  luaL_setfuncs(L, methods, 0);
  lua_newtable(L);
  luaL_setfuncs(L, meta, 0);
  lua_pushvalue(L, -2);
  lua_pushcclosure(L, get_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pushliteral(L, "tensor");
  lua_setfield(L, -2, "__name");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, tensor_metatable);
  lua_setfield(L, -3, "metatable");
  lua_setfield(L, -2, "methods");
}
