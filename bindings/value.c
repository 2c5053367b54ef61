/* value.c: numbers, texts, arrays, pictures and sounds between host and script. */
#include "value.h"
#include "core.h"
#include <stdio.h>
#include <string.h>

/* ---- host to Lua ---- */
static tensor_box *new_tensor(lua_State *L, int ndim, const int64_t *dim, size_t size, const char *what) {
  tensor_box *b = new_box(L);
  int64_t n = 1;
  for (int i = 0; i < ndim; i++)
    if (dim[i] < 0 || !gn_mul_ok(n, dim[i], &n)) luaL_error(L, "value: dim %d of the %s is bad", i + 1, what);
  if (ndim < 0 || ndim > GN_MAX_DIMS || (uint64_t)n > SIZE_MAX / 4 || size != (size_t)n * 4) luaL_error(L, "value: the %s's size does not fit its dims", what);
  if (!(b->t = gn_new(rt_of(L)->g, GN_F32, ndim, dim))) raise_error(L);
  return b;
}

static void require_module(lua_State *L, const char *module) {
  lua_getfield(L, LUA_REGISTRYINDEX, "genai.require");
  lua_pushstring(L, module);
  lua_call(L, 1, 1);
}

static void push_from(lua_State *L, const char *module) {         /* the function that makes a picture or a sound of a tensor */
  require_module(L, module);
  lua_getfield(L, -1, "from");
  lua_remove(L, -2);
}

static bool is_image(const genai_value *v) {
  int64_t n;
  return v->ndim == 3 && v->dim[0] > 0 && v->dim[1] > 0 && v->dim[2] == 4 && gn_mul_ok(v->dim[0], v->dim[1], &n) && gn_mul_ok(n, 4, &n) && v->size == (size_t)n;
}

static void push_image(lua_State *L, const genai_value *v) {
  if (!is_image(v)) luaL_error(L, "value: an image is u8 {height,width,4}");
  int64_t h = v->dim[0], w = v->dim[1], n = h * w;
  const uint8_t *p = v->data;
  bool clear = false;
  for (int64_t i = 0; i < n; i++) clear |= p[4 * i + 3] != 255;
  push_from(L, "genai.image");
  int channels = clear ? 4 : 3;
  tensor_box *b = new_box(L);
  if (!(b->t = gn_new(rt_of(L)->g, GN_F32, 3, (int64_t[]){ channels, h, w }))) raise_error(L);
  float *out = gn_f32(b->t);
  for (int64_t i = 0; i < n; i++)
    for (int c = 0; c < channels; c++) out[c * n + i] = (float)p[4 * i + c] / 255;
  lua_call(L, 1, 1);
}

static void push_audio(lua_State *L, const genai_value *v) {
  if (v->ndim != 2) luaL_error(L, "value: audio is f32 {frames,channels}");
  push_from(L, "genai.audio");
  int64_t frames = v->dim[0], channels = v->dim[1], dim[2] = { channels, frames };
  tensor_box *b = new_tensor(L, 2, dim, v->size, "audio");
  for (int64_t f = 0; f < frames; f++)
    for (int64_t c = 0; c < channels; c++) gn_f32(b->t)[c * frames + f] = ((const float *)v->data)[f * channels + c];
  lua_pushnumber(L, v->number);
  lua_call(L, 2, 1);
}

void push_value(lua_State *L, const genai_value *v) {
  switch (v->kind) {
    case GENAI_NIL: lua_pushnil(L); return;
    case GENAI_NUMBER:
      if (v->number == (double)(lua_Integer)v->number && v->number > -0x1p53 && v->number < 0x1p53) lua_pushinteger(L, (lua_Integer)v->number);
      else lua_pushnumber(L, v->number);
      return;
    case GENAI_TEXT: lua_pushlstring(L, v->data ? v->data : "", v->size ? v->size : v->data ? strlen(v->data) : 0); return;
    case GENAI_ARRAY: {
      require_module(L, "genai"), lua_pop(L, 1);                   /* gives tensors their methods */
      tensor_box *b = new_tensor(L, v->ndim, v->dim, v->size, "array");
      if (v->size) memcpy(b->t->data, v->data, v->size);
      return;
    }
    case GENAI_IMAGE: push_image(L, v); return;
    case GENAI_AUDIO: push_audio(L, v); return;
  }
  luaL_error(L, "value: kind %d is unknown", (int)v->kind);
}

/* ---- Lua to host ---- */
static void array_value(genai_value *out, gn_tensor *t, genai_kind kind) {
  out->kind = kind, out->data = t->data, out->size = (size_t)gn_numel(t) * gn_size(t->dtype), out->ndim = t->ndim;
  memcpy(out->dim, t->dim, (size_t)t->ndim * sizeof *t->dim);
}

/* An image or a sound, above its host_value method, which gives kind, tensor and rate. What keeps the data alive is left on the top. */
static void object_value(lua_State *L, genai_value *out) {
  lua_pushvalue(L, -2);
  lua_call(L, 1, 3);
  bool image = !strcmp(luaL_checkstring(L, -3), "image");
  gn_tensor *t = check_tensor(L, -2, "get", "the value");
  if (t->dtype != (image ? GN_U8 : GN_F32) || t->ndim != (image ? 3 : 2) || (image && t->dim[2] != 4)) luaL_error(L, "get: the object is neither picture nor sound");
  tensor_box *b = new_box(L);
  if (!(b->t = gn_pack(t))) raise_error(L);
  array_value(out, b->t, image ? GENAI_IMAGE : GENAI_AUDIO);
  out->number = lua_tonumber(L, -2);
}

static void table_value(lua_State *L, genai_value *out) {
  if (luaL_getmetafield(L, -1, "__index") == LUA_TTABLE && lua_getfield(L, -1, "host_value") == LUA_TFUNCTION) {
    lua_remove(L, -2);
    object_value(L, out);
    return;
  }
  luaL_error(L, "get: the value is a table, wanted a number, text, tensor, picture or sound (ask for one of its fields)");
}

/* Reads the value on the top; what keeps its data alive takes its place. */
static void read_value(lua_State *L, genai_value *out) {
  int base = lua_gettop(L);
  genai_value v = { 0 };
  switch (lua_type(L, -1)) {
    case LUA_TNIL: v.kind = GENAI_NIL; break;
    case LUA_TBOOLEAN: v.kind = GENAI_NUMBER, v.number = lua_toboolean(L, -1); break;
    case LUA_TNUMBER: v.kind = GENAI_NUMBER, v.number = lua_tonumber(L, -1); break;
    case LUA_TSTRING: v.kind = GENAI_TEXT, v.data = lua_tolstring(L, -1, &v.size); break;
    case LUA_TTABLE: table_value(L, &v); break;
    default: {
      gn_tensor *t = to_tensor(L, -1);
      if (!t) luaL_error(L, "get: the value is a %s, wanted a number, text, tensor, picture or sound", luaL_typename(L, -1));
      tensor_box *b = new_box(L);
      if (!(b->t = gn_cast(t, GN_F32))) raise_error(L);
      array_value(&v, b->t, GENAI_ARRAY);
    }
  }
  if (lua_gettop(L) > base) lua_copy(L, -1, base);
  lua_settop(L, base);
  *out = v;
}

void take_value(lua_State *L, int i, genai_value *out) {
  genai_value v;
  lua_pushvalue(L, i);
  read_value(L, &v);
  if (v.kind > GENAI_NUMBER) v.pin = (void *)(intptr_t)luaL_ref(L, LUA_REGISTRYINDEX);
  else lua_pop(L, 1);
  *out = v;
}

/* ---- host functions ---- */
#define MAX_HOST_ARGS 16
typedef struct host { genai_fn *fn; void *user; char name[64]; } host;

static int call_host(lua_State *L) {
  host *h = lua_touserdata(L, lua_upvalueindex(1));
  genai_value arg[MAX_HOST_ARGS], out = { 0 };
  int n = lua_gettop(L);
  if (n > MAX_HOST_ARGS) return raisef(L, "%s: %d arguments, wanted at most %d", h->name, n, MAX_HOST_ARGS);
  luaL_checkstack(L, n + 8, h->name);
  for (int i = 0; i < n; i++) lua_pushvalue(L, i + 1), read_value(L, &arg[i]);    /* kept alive by the stack */
  const char *error = h->fn(h->user, n, arg, &out);
  if (error) return raisef(L, "%s", error);
  push_value(L, &out);
  return 1;
}

void push_host_function(lua_State *L, const char *name, genai_fn *fn, void *user, const char *doc) {
  host *h = lua_newuserdatauv(L, sizeof *h, 0);
  h->fn = fn, h->user = user;
  snprintf(h->name, sizeof h->name, "%s", name);
  lua_pushcclosure(L, call_host, 1);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, "genai.docs");
  lua_pushstring(L, doc ? doc : name);
  lua_setfield(L, -2, name);
  lua_pop(L, 1);
}
