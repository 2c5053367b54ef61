/* lua_files.c: files that are installed and listed: hashes, copies that are whole or not there, folders moved and removed; where models lie. */
#include "system.h"
#include "core.h"
#include "io/io.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* core.sha256(bytes) -> 64 hexadecimal digits */
static int sha256(lua_State *L) {
  size_t n;
  const char *p = luaL_checklstring(L, 1, &n);
  gn_sha256 s = gn_sha256_start();
  char text[65];
  gn_sha256_add(&s, p, n);
  gn_sha256_end(&s, text);
  lua_pushstring(L, text);
  return 1;
}

/* Reads a regular file to its end: into the hash, and into `to` if there is one. */
static bool pour(FILE *from, const char *path, FILE *to, const char *target, char text[65]) {
  enum { PIECE = 1 << 16 };
  struct stat info;
  gn_sha256 s = gn_sha256_start();
  if (fstat(fileno(from), &info) || !S_ISREG(info.st_mode)) return gn_fail("%s: not a file", path);
  char *piece = malloc(PIECE);
  if (!piece) return gn_fail_as(GN_NOMEM, "%s: out of memory", path);
  bool fine = true;
  for (size_t n; fine && (n = fread(piece, 1, PIECE, from)) > 0;) {
    gn_sha256_add(&s, piece, n);
    if (to && fwrite(piece, 1, n, to) != n) fine = gn_fail("%s: cannot be written: %s", target, strerror(errno));
  }
  if (fine && ferror(from)) fine = gn_fail("%s: could not be read", path);
  free(piece);
  gn_sha256_end(&s, text);
  return fine;
}

/* core.hash_file(path) -> SHA-256 of what it holds */
static int hash_file(lua_State *L) {
  const char *path = check_path(L, 1);
  char text[65];
  FILE *f = fopen(path, "rb");
  if (!f) return raisef(L, "%s: %s", path, strerror(errno));
  bool fine = pour(f, path, NULL, NULL, text);
  fclose(f);
  if (!fine) return raise_error(L);
  lua_pushstring(L, text);
  return 1;
}

/* The bytes that are hashed are the bytes that are written: nobody can change the source in between. */
static bool copy_file(const char *path, const char *target, const char *wanted, char text[65]) {
  FILE *from = fopen(path, "rb"), *to = NULL;
  if (!from) return gn_fail("%s: %s", path, strerror(errno));
  bool fine = (to = fopen(target, "wbx")) != NULL || gn_fail("%s: cannot be written: %s", target, strerror(errno));
  if (!fine) return fclose(from), false;
  fine = pour(from, path, to, target, text);
  if (fine && wanted && strcmp(wanted, text)) fine = gn_fail("%s: its SHA-256 is %s, wanted %s", path, text, wanted);
  if (fine && (fflush(to) || fsync(fileno(to)))) fine = gn_fail("%s: cannot be written: %s", target, strerror(errno));
  if (fclose(to) && fine) fine = gn_fail("%s: cannot be written: %s", target, strerror(errno));
  fclose(from);
  if (!fine) unlink(target);
  return fine;
}

/* core.copy_file(path, target [, sha256]) -> the SHA-256. The target must not be there yet; after an error (another hash, too) it is not. */
static int copy(lua_State *L) {
  const char *path = check_path(L, 1), *target = check_path(L, 2), *wanted = luaL_optstring(L, 3, NULL);
  char text[65];
  if (!copy_file(path, target, wanted, text)) return raise_error(L);
  lua_pushstring(L, text);
  return 1;
}

/* core.rename(path, target): a file or a folder. */
static int move(lua_State *L) {
  const char *path = check_path(L, 1), *target = check_path(L, 2);
  if (rename(path, target)) return raisef(L, "%s: cannot become %s: %s", path, target, strerror(errno));
  return 0;
}

/* core.remove(path): a file, or a folder and all below it; links are removed, not followed. */
static int remove_any(lua_State *L) {
  const char *path = check_path(L, 1);
  struct stat s;
  if (lstat(path, &s)) return 0;
  if (S_ISDIR(s.st_mode)) remove_tree(path, 0);
  else unlink(path);
  if (lstat(path, &s) == 0) return raisef(L, "%s: cannot be removed", path);
  return 0;
}

/* core.places() -> GENAI_MODELS or nil, and the user's data folder or nil. A confined script is told neither. */
static int places(lua_State *L) {
  const char *models = getenv("GENAI_MODELS"), *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
  if (rt_of(L)->root) return 0;
  lua_pushstring(L, models && *models ? models : NULL);
  if (data && *data == '/') lua_pushstring(L, data);
  else if (home && *home) lua_pushfstring(L, "%s/.local/share", home);
  else lua_pushnil(L);
  return 2;
}

static const luaL_Reg functions[] = {
  { "sha256", sha256 }, { "hash_file", hash_file }, { "copy_file", copy }, { "rename", move }, { "remove", remove_any }, { "places", places }, { NULL, NULL },
};

void open_files(lua_State *L) { luaL_setfuncs(L, functions, 0); }
