/* lua_core.c: the module genai.core, and the searcher that finds compiled-in stdlib files. */
#include "bind.h"
#include "io/io.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int open_core(lua_State *L) {
  lua_newtable(L);
  open_tensor(L);
  open_ops(L);
  open_tape(L);
  open_random(L);
  open_system(L);
  open_files(L);
  open_json(L);
  open_io(L);
  open_onnx(L);
  open_trace(L);
  lua_getfield(L, LUA_REGISTRYINDEX, "genai.file"), lua_setfield(L, -2, "file");
  lua_getfield(L, LUA_REGISTRYINDEX, "genai.names"), lua_setfield(L, -2, "modules");
  return 1;
}

/* ---- the nearest name: edit distance, at most a third of the letters wrong ---- */
static int distance(const char *a, const char *b) {
  int n = (int)strlen(a), m = (int)strlen(b), row[64];
  if (n > 60 || m > 60) return 99;
  for (int j = 0; j <= m; j++) row[j] = j;
  for (int i = 1; i <= n; i++) {
    int diagonal = row[0];
    row[0] = i;
    for (int j = 1; j <= m; j++) {
      int above = row[j], best = diagonal + (a[i - 1] != b[j - 1]);
      if (above + 1 < best) best = above + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      diagonal = above, row[j] = best;
    }
  }
  return row[m];
}

const char *nearest(const char *name, const char *const *names, int n) {
  const char *best = NULL;
  int least = (int)strlen(name) / 3 + 2;
  for (int i = 0; i < n; i++) {
    int d = distance(name, names[i]);
    if (d < least) least = d, best = names[i];
  }
  return best;
}

/* ---- stdlib ---- */
extern const struct genai_file { const char *name; const unsigned char *data; size_t packed, size; } genai_files[];

static const struct genai_file *find_file(const char *name) {
  for (const struct genai_file *f = genai_files; f->name; f++)
    if (!strcmp(f->name, name)) return f;
  return NULL;
}

/* Pushes the bytes of a compiled-in file. */
static void push_file(lua_State *L, const struct genai_file *f) {
  luaL_Buffer b;
  if (!gn_inflate_into(luaL_buffinitsize(L, &b, f->size), f->data, f->packed, f->size, f->name)) raise_error(L);
  luaL_pushresultsize(&b, f->size);
}

/* "genai.story.words" is genai/story/words.lua or .../words/init.lua, first below GENAI_PATH, then compiled in. */
static int load_from(lua_State *L, const char *folder, const char *name, const char *tail) {
  char path[512], file[640], chunk[560];
  snprintf(path, sizeof path, "%s%s", name, tail);
  for (char *p = path; *p && p < path + strlen(name); p++)
    if (*p == '.') *p = '/';
  snprintf(chunk, sizeof chunk, "=stdlib/%s", path);
  if (folder) {
    snprintf(file, sizeof file, "%s/%s", folder, path);
    FILE *f = fopen(file, "rb");
    if (!f) return 0;
    fclose(f);
    if (luaL_loadfilex(L, file, "t") != LUA_OK) return lua_error(L);
    return 1;
  }
  const struct genai_file *f = find_file(path);
  if (!f) return 0;
  push_file(L, f);
  if (luaL_loadbufferx(L, lua_tostring(L, -1), f->size, chunk, "t") != LUA_OK) return lua_error(L);
  lua_remove(L, -2);
  return 1;
}

static int search(lua_State *L) {
  const char *name = luaL_checkstring(L, 1), *folder = getenv("GENAI_PATH");
  if (strncmp(name, "genai", 5) || (name[5] && name[5] != '.') || strchr(name, '/') || strstr(name, "..")) return 0;
  static const char *const tails[] = { ".lua", "/init.lua" };
  for (int i = 0; i < 4; i++) {
    const char *where = i < 2 ? folder : NULL;
    if (i < 2 && (!folder || rt_of(L)->root)) continue;
    if (load_from(L, where, name, tails[i % 2])) return lua_pushstring(L, name), 2;
  }
  lua_pushfstring(L, "no module '%s' in genai's stdlib", name);
  return 1;
}

/* core.file(name) -> the bytes of a compiled-in file, or nil */
static int file_bytes(lua_State *L) {
  const struct genai_file *f = find_file(luaL_checkstring(L, 1));
  if (f) push_file(L, f);
  else lua_pushnil(L);
  return 1;
}

static int file_names(lua_State *L) {
  lua_newtable(L);
  int n = 0;
  for (const struct genai_file *f = genai_files; f->name; f++) lua_pushstring(L, f->name), lua_rawseti(L, -2, ++n);
  return 1;
}

void open_stdlib(lua_State *L) {
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "searchers");
  lua_Integer n = luaL_len(L, -1);
  for (lua_Integer i = n; i >= 2; i--) lua_rawgeti(L, -1, i), lua_rawseti(L, -2, i + 1);
  lua_pushcfunction(L, search);
  lua_rawseti(L, -2, 2);
  lua_pop(L, 2);
  lua_pushcfunction(L, file_bytes);
  lua_setfield(L, LUA_REGISTRYINDEX, "genai.file");
  lua_pushcfunction(L, file_names);
  lua_setfield(L, LUA_REGISTRYINDEX, "genai.names");
}
