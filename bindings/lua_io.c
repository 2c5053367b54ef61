/* lua_io.c: pictures, sounds and arrays between bytes and tensors. stdlib's image.lua, audio.lua and file.lua make objects of them. */
#include "system.h"
#include "core.h"
#include "io/io.h"
#include <stdlib.h>
#include <string.h>

/* What a call holds while it runs: Lua frees it, also when a later step raises. */
typedef struct holder { gn_buffer bytes; gn_list list; char *text; } holder;

static int drop(lua_State *L) {
  holder *h = lua_touserdata(L, 1);
  free(h->bytes.data);
  free(h->text);
  gn_list_free(&h->list);
  *h = (holder){ 0 };
  return 0;
}

static holder *new_holder(lua_State *L) {
  rt_of(L)->now = L;
  holder *h = lua_newuserdatauv(L, sizeof *h, 0);
  *h = (holder){ 0 };
  if (lua_getfield(L, LUA_REGISTRYINDEX, "genai.holder") == LUA_TNIL) {
    lua_pop(L, 1);
    lua_createtable(L, 0, 2);
    lua_pushcfunction(L, drop), lua_setfield(L, -2, "__gc");
    lua_pushboolean(L, 0), lua_setfield(L, -2, "__metatable");
    lua_pushvalue(L, -1), lua_setfield(L, LUA_REGISTRYINDEX, "genai.holder");     /* kept when it is whole: memory may run out before */
  }
  lua_setmetatable(L, -2);
  return h;
}

static int finish(lua_State *L, holder *h, bool fine) {          /* the holder's bytes as a string */
  if (!fine) return free(h->bytes.data), h->bytes = (gn_buffer){ 0 }, raise_error(L);
  lua_pushlstring(L, h->bytes.data ? h->bytes.data : "", h->bytes.size);
  free(h->bytes.data), h->bytes = (gn_buffer){ 0 };
  return 1;
}

static gn_tensor *packed(lua_State *L, gn_tensor *t) {           /* left on the stack, so that it lives */
  tensor_box *b = new_box(L);
  if (!(b->t = gn_pack(t))) raise_error(L);
  return b->t;
}

static gn_tensor *packed_as(lua_State *L, gn_tensor *t, gn_dtype type) {
  tensor_box *b = new_box(L);
  if (!(b->t = gn_cast(t, type))) raise_error(L);
  return packed(L, b->t);
}

static const uint8_t *bytes_arg(lua_State *L, const char *op, size_t *n, const char **name) {
  if (lua_type(L, 1) != LUA_TSTRING) raisef(L, "%s: bytes are a %s, wanted a string", op, luaL_typename(L, 1));
  *name = luaL_optstring(L, 2, op);
  rt_of(L)->now = L;
  return (const uint8_t *)lua_tolstring(L, 1, n);
}

/* (bytes, name) -> the tensor that `decode` finds in them */
static int decoded(lua_State *L, const char *op, gn_tensor *(*decode)(gn *, const uint8_t *, size_t, const char *)) {
  size_t n;
  const char *name;
  const uint8_t *p = bytes_arg(L, op, &n, &name);
  tensor_box *b = new_box(L);
  if (!(b->t = decode(rt_of(L)->g, p, n, name))) return raise_error(L);
  return 1;
}

/* ---- pictures ---- */
/* core.image_decode(bytes, name) -> u8[h,w,3 or 4] */
static int image_decode(lua_State *L) { return decoded(L, "image", gn_image_decode); }

/* f32[c,h,w] in 0..1 -> u8[h,w,c], rounded to the nearest; what is not a number becomes 0 */
static void to_bytes(const gn_tensor *t, gn_tensor *out) {
  int64_t channels = t->dim[0], plane = t->dim[1] * t->dim[2];
  const float *p = gn_f32(t);
  uint8_t *to = (uint8_t *)out->data;
  for (int64_t c = 0; c < channels; c++)
    for (int64_t i = 0; i < plane; i++) {
      float x = p[c * plane + i] * 255.0f + 0.5f;
      to[i * channels + c] = x >= 255 ? 255 : x >= 1 ? (uint8_t)x : 0;
    }
}

static gn_tensor *pixels_of(lua_State *L, gn_tensor *t) {
  char text[160];
  if (t->ndim != 3) raisef(L, "image: x is %s, wanted f32[channels,height,width] or u8[height,width,channels]", gn_shape_text(t, text, sizeof text));
  if (t->dtype == GN_U8) return packed(L, t);
  gn_tensor *f = packed_as(L, t, GN_F32);
  if (f->dim[0] < 1 || f->dim[0] > 4) raisef(L, "image: x is %s, wanted 1 to 4 channels first", gn_shape_text(t, text, sizeof text));
  tensor_box *b = new_box(L);
  if (!(b->t = gn_new(rt_of(L)->g, GN_U8, 3, (int64_t[]){ f->dim[1], f->dim[2], f->dim[0] }))) raise_error(L);
  to_bytes(f, b->t);
  return b->t;
}

/* core.image_bytes(x) -> u8[h,w,c] */
static int image_bytes(lua_State *L) {
  rt_of(L)->now = L;
  pixels_of(L, check_tensor(L, 1, "image", "x"));
  return 1;
}

/* core.image_encode(x, format, quality) -> bytes */
static int image_encode(lua_State *L) {
  gn_tensor *t = check_tensor(L, 1, "image", "x");
  const char *format = luaL_checkstring(L, 2);
  double quality = luaL_optnumber(L, 3, 90);
  if (!(quality >= 1 && quality <= 100)) return raisef(L, "image: quality is %g, wanted 1..100", quality);
  holder *h = new_holder(L);
  gn_tensor *pixels = pixels_of(L, t);
  return finish(L, h, gn_image_encode(pixels, format, (int)quality, &h->bytes));
}

/* ---- sounds ---- */
/* core.sound_decode(bytes, name) -> f32[channels,frames], rate, comment or nil */
static int sound_decode(lua_State *L) {
  size_t n;
  const char *name;
  const uint8_t *p = bytes_arg(L, "audio", &n, &name);
  holder *h = new_holder(L);
  tensor_box *b = new_box(L);
  gn_sound sound = { 0 };
  if (!gn_sound_decode(rt_of(L)->g, p, n, name, &sound)) return raise_error(L);
  b->t = sound.samples, h->text = sound.comment;
  lua_pushinteger(L, sound.rate);
  lua_pushstring(L, h->text);
  return 3;
}

/* core.sound_comment(bytes, name) -> text or nil */
static int sound_comment(lua_State *L) {
  size_t n;
  const char *name;
  const uint8_t *p = bytes_arg(L, "audio", &n, &name);
  holder *h = new_holder(L);
  if (!gn_sound_comment(p, n, name, &h->text)) return raise_error(L);
  lua_pushstring(L, h->text);
  return 1;
}

static gn_tensor *samples_arg(lua_State *L, const char *op) {
  gn_tensor *t = check_tensor(L, 1, op, "samples");
  char text[160];
  if (t->ndim != 2) raisef(L, "%s: samples are %s, wanted f32[channels,frames]", op, gn_shape_text(t, text, sizeof text));
  return t;
}

/* core.sound_encode(samples, rate, format, bits, quality, comment) -> bytes */
static int sound_encode(lua_State *L) {
  gn_tensor *t = samples_arg(L, "audio");
  lua_Number rate = luaL_checknumber(L, 2), bits = luaL_optnumber(L, 4, 16);
  const char *format = luaL_checkstring(L, 3), *comment = luaL_optstring(L, 6, NULL);
  double quality = luaL_optnumber(L, 5, 0.5);
  if (!(rate >= 1 && rate <= 1536000) || rate != (int)rate) return raisef(L, "audio: rate is %g, wanted a whole number in 1..1536000", rate);
  if (bits != 16 && bits != 24 && bits != 32) return raisef(L, "audio: bits is %g, wanted 16, 24 or 32", bits);
  if (!(quality >= 0 && quality <= 1)) return raisef(L, "audio: quality is %g, wanted 0..1", quality);
  holder *h = new_holder(L);
  gn_tensor *f = packed_as(L, t, GN_F32);
  return finish(L, h, gn_sound_encode(f, (int)rate, format, (int)bits, quality, comment, &h->bytes));
}

/* core.resample(samples, ratio) -> f32[channels,frames * ratio] */
static int resample(lua_State *L) {
  gn_tensor *t = samples_arg(L, "resample");
  double ratio = luaL_checknumber(L, 2);
  rt_of(L)->now = L;
  gn_tensor *f = packed_as(L, t, GN_F32);
  tensor_box *b = new_box(L);
  if (!(b->t = gn_resample(rt_of(L)->g, f, ratio))) return raise_error(L);
  return 1;
}

/* ---- arrays ---- */
static int npy_decode(lua_State *L) { return decoded(L, "npy", gn_npy_decode); }

static int npy_encode(lua_State *L) {
  gn_tensor *t = check_tensor(L, 1, "npy", "x");
  holder *h = new_holder(L);
  gn_tensor *p = packed(L, t);
  return finish(L, h, gn_npy_encode(p, &h->bytes));
}

/* The list as a table: name -> tensor. */
static int push_list(lua_State *L, holder *h) {
  lua_createtable(L, 0, h->list.n);
  for (int i = 0; i < h->list.n; i++) {
    tensor_box *b = new_box(L);
    b->t = h->list.item[i].t, h->list.item[i].t = NULL;
    lua_setfield(L, -2, h->list.item[i].name);
  }
  gn_list_free(&h->list);
  return 1;
}

static int npz_decode(lua_State *L) {
  size_t n;
  const char *name;
  const uint8_t *p = bytes_arg(L, "npz", &n, &name);
  holder *h = new_holder(L);
  if (!gn_npz_decode(rt_of(L)->g, p, n, name, &h->list)) return raise_error(L);
  return push_list(L, h);
}

/* core.safetensors_load(path) -> { name = tensor }, metadata as JSON or nil */
static int safetensors_load(lua_State *L) {
  const char *path = check_path(L, 1);
  holder *h = new_holder(L);
  if (!gn_safetensors_load(rt_of(L)->g, path, &h->list, &h->text)) return raise_error(L);
  push_list(L, h);
  lua_pushstring(L, h->text);
  return 2;
}

/* Argument 1: names, argument 2: tensors, in the order in which they are written. */
static void take_list(lua_State *L, holder *h, const char *op) {
  luaL_checktype(L, 1, LUA_TTABLE), luaL_checktype(L, 2, LUA_TTABLE);
  lua_Integer n = luaL_len(L, 1);
  for (lua_Integer i = 1; i <= n; i++) {
    lua_rawgeti(L, 1, i), lua_rawgeti(L, 2, i);
    size_t len = 0;
    const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tolstring(L, -2, &len) : NULL;
    if (!name || strlen(name) != len) raisef(L, "%s: a name is not plain text", op);
    gn_tensor *t = gn_pack(check_tensor(L, -1, op, name));
    if (!gn_list_add(&h->list, name, len, t)) raise_error(L);
    lua_pop(L, 2);
  }
}

static int npz_encode(lua_State *L) {
  holder *h = new_holder(L);
  take_list(L, h, "npz");
  return finish(L, h, gn_npz_encode(&h->list, &h->bytes));
}

static int safetensors_encode(lua_State *L) {
  const char *metadata = luaL_optstring(L, 3, NULL);
  holder *h = new_holder(L);
  take_list(L, h, "safetensors");
  return finish(L, h, gn_safetensors_encode(&h->list, metadata, &h->bytes));
}

/* core.crc32(bytes) -> integer (zlib's) */
static int crc32(lua_State *L) {
  size_t n;
  const char *p = luaL_checklstring(L, 1, &n);
  lua_pushinteger(L, gn_crc32(0, p, n));
  return 1;
}

static int inflate(lua_State *L) {
  size_t n;
  const char *name;
  const uint8_t *p = bytes_arg(L, "inflate", &n, &name);
  lua_Integer expect = luaL_checkinteger(L, 3);
  if (expect < 0) return raisef(L, "inflate: size is %d, wanted 0 or more", (int)expect);
  holder *h = new_holder(L);
  if (!(h->text = gn_inflate(p, n, (size_t)expect, name))) return raise_error(L);
  lua_pushlstring(L, h->text, (size_t)expect);
  return 1;
}

/* core.deflate(bytes) -> raw deflate; core.inflate(bytes, name, size) undoes it. */
static int deflate(lua_State *L) {
  size_t n;
  const char *p = luaL_checklstring(L, 1, &n);
  holder *h = new_holder(L);
  return finish(L, h, gn_deflate((const uint8_t *)p, n, &h->bytes));
}

/* core.fail(text): an error at the line of the script that called stdlib. */
static int fail(lua_State *L) { return raisef(L, "%s", luaL_checkstring(L, 1)); }

static const luaL_Reg functions[] = {
  { "image_decode", image_decode }, { "image_encode", image_encode }, { "image_bytes", image_bytes },
  { "sound_decode", sound_decode }, { "sound_encode", sound_encode }, { "sound_comment", sound_comment }, { "resample", resample },
  { "npy_decode", npy_decode }, { "npy_encode", npy_encode }, { "npz_decode", npz_decode }, { "npz_encode", npz_encode },
  { "safetensors_load", safetensors_load }, { "safetensors_encode", safetensors_encode }, { "crc32", crc32 }, { "deflate", deflate }, { "inflate", inflate },
  { "fail", fail },
  { NULL, NULL },
};

void open_io(lua_State *L) { luaL_setfuncs(L, functions, 0); }
