/* lua_system.c: files, clock, memory, seeds, threads and base64 for stdlib. */
#include "system.h"
#include "core.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_MOST ((size_t)8 << 30)

/* ---- files ---- */
bool read_file(const char *path, size_t most, char **data, size_t *size) {
  FILE *f = fopen(path, "rb");
  struct stat s;
  if (!f) return gn_fail("%s: %s", path, strerror(errno));
  if (fstat(fileno(f), &s) || !S_ISREG(s.st_mode)) return fclose(f), gn_fail("%s: not a file", path);
  if ((uint64_t)s.st_size > most) return fclose(f), gn_fail("%s: %.0f bytes, wanted at most %.0f", path, (double)s.st_size, (double)most);
  size_t n = (size_t)s.st_size;
  char *p = malloc(n + 1);
  if (!p) return fclose(f), gn_fail_as(GN_NOMEM, "%s: out of memory", path);
  bool fine = fread(p, 1, n, f) == n;
  fclose(f);
  if (!fine) return free(p), gn_fail("%s: could not be read", path);
  p[n] = 0;
  *data = p, *size = n;
  return true;
}

static bool write_all(int fd, const char *p, size_t n) {
  while (n) {
    ssize_t k = write(fd, p, n < (1u << 30) ? n : 1u << 30);
    if (k < 0 && errno == EINTR) continue;
    if (k <= 0) return false;
    p += k, n -= (size_t)k;
  }
  return true;
}

bool write_file(const char *path, const void *data, size_t size) {
  char temp[PATH_MAX];
  if (snprintf(temp, sizeof temp, "%s.XXXXXX", path) >= (int)sizeof temp) return gn_fail("%.200s: the path is too long", path);
  int fd = mkstemp(temp);
  if (fd < 0) return gn_fail("%s: cannot be written: %s", path, strerror(errno));
  mode_t mask = umask(0);
  umask(mask);
  bool fine = write_all(fd, data, size) && fchmod(fd, 0666 & ~mask) == 0 && fsync(fd) == 0;
  int why = errno;
  fine = close(fd) == 0 && fine;
  if (fine && rename(temp, path) != 0) fine = false, why = errno;
  if (!fine) unlink(temp);
  return fine || gn_fail("%s: cannot be written: %s", path, strerror(why));
}

/* Below the root, links followed; a file that does not exist yet counts by its folder. */
bool path_allowed(const genai *rt, const char *path) {
  if (!rt->root) return true;
  char real[PATH_MAX], folder[PATH_MAX];
  if (!realpath(path, real)) {
    const char *slash = strrchr(path, '/');
    struct stat s;
    if (lstat(path, &s) == 0 && S_ISLNK(s.st_mode)) return false;       /* a link to nowhere: writing would make its target */
    if (strlen(path) >= sizeof folder) return false;
    if (slash) snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    else strcpy(folder, ".");
    const char *base = slash ? slash + 1 : path;
    if (!strcmp(base, "..") || !realpath(folder, real)) return false;
  }
  size_t n = strlen(rt->root);
  if (!strncmp(real, rt->root, n) && (real[n] == '/' || !real[n] || n == 1)) return true;
  n = rt->tmpdir ? strlen(rt->tmpdir) : 0;
  return n && !strncmp(real, rt->tmpdir, n) && (real[n] == '/' || !real[n]);
}

const char *check_path(lua_State *L, int i) {
  size_t n;
  if (lua_type(L, i) != LUA_TSTRING) raisef(L, "file: path is a %s, wanted a string", luaL_typename(L, i));
  const char *path = lua_tolstring(L, i, &n);
  if (strlen(path) != n) raisef(L, "file: the path holds a NUL byte");
  if (!path_allowed(rt_of(L), path)) raisef(L, "%s: outside the folder that scripts may touch", path);
  return path;
}

/* What a call holds while Lua may run out of memory: the collector then frees it. */
typedef struct holder { char *data; DIR *folder; } holder;

static int drop(lua_State *L) {
  holder *h = lua_touserdata(L, 1);
  free(h->data);
  if (h->folder) closedir(h->folder);
  *h = (holder){ 0 };
  return 0;
}

static holder *new_holder(lua_State *L) {
  holder *h = lua_newuserdatauv(L, sizeof *h, 0);
  *h = (holder){ 0 };
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, drop);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  return h;
}

static int file_read(lua_State *L) {
  size_t size;
  const char *path = check_path(L, 1);
  holder *h = new_holder(L);
  if (!read_file(path, FILE_MOST, &h->data, &size)) return raise_error(L);
  genai *rt = rt_of(L);
  if (!gn_charge(rt->g, size)) return raise_error(L);
  gn_discharge(rt->g, size);
  lua_pushlstring(L, h->data, size);
  free(h->data);
  h->data = NULL;
  return 1;
}

static int file_write(lua_State *L) {
  size_t n;
  const char *path = check_path(L, 1), *data = luaL_checklstring(L, 2, &n);
  if (!write_file(path, data, n)) return raise_error(L);
  return 0;
}

static int file_exists(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  struct stat s;
  lua_pushboolean(L, path_allowed(rt_of(L), path) && stat(path, &s) == 0);
  bool there = lua_toboolean(L, -1);
  lua_pushstring(L, there ? S_ISDIR(s.st_mode) ? "folder" : "file" : NULL);
  lua_pushinteger(L, there ? (lua_Integer)s.st_size : 0);
  return 3;
}

static int file_mkdir(lua_State *L) {
  const char *path = check_path(L, 1);
  if (mkdir(path, 0777) && errno != EEXIST) return raisef(L, "%s: %s", path, strerror(errno));
  return 0;
}

/* core.list(folder) -> sorted names */
static int file_list(lua_State *L) {
  const char *path = check_path(L, 1);
  holder *h = new_holder(L);
  if (!(h->folder = opendir(path))) return raisef(L, "%s: %s", path, strerror(errno));
  lua_newtable(L);
  int k = 0;
  for (const struct dirent *e; (e = readdir(h->folder));)
    if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) lua_pushstring(L, e->d_name), lua_rawseti(L, -2, ++k);
  closedir(h->folder);
  h->folder = NULL;
  lua_getglobal(L, "table");
  lua_getfield(L, -1, "sort");
  lua_pushvalue(L, -3);
  lua_call(L, 1, 0);
  lua_pop(L, 1);
  return 1;
}

static int make_tmpdir(lua_State *L) {
  genai *rt = rt_of(L);
  if (!rt->tmpdir) {
    const char *base = getenv("TMPDIR");
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/genai-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(path) || !(rt->tmpdir = realpath(path, NULL))) return raisef(L, "tmpdir: %s: %s", path, strerror(errno));
  }
  lua_pushstring(L, rt->tmpdir);
  return 1;
}

void remove_tree(const char *path, int depth) {
  DIR *d = depth < 32 ? opendir(path) : NULL;
  for (struct dirent *e; d && (e = readdir(d));) {
    char child[PATH_MAX];
    struct stat s;
    if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || snprintf(child, sizeof child, "%s/%s", path, e->d_name) >= (int)sizeof child) continue;
    if (lstat(child, &s) == 0 && S_ISDIR(s.st_mode)) remove_tree(child, depth + 1);
    else unlink(child);
  }
  if (d) closedir(d);
  rmdir(path);
}

void remove_tmpdir(genai *rt) {
  if (!rt->tmpdir) return;
  remove_tree(rt->tmpdir, 0);
  free(rt->tmpdir);
  rt->tmpdir = NULL;
}

/* ---- clock and settings ---- */
static int clock_now(lua_State *L) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  lua_pushnumber(L, (double)t.tv_sec + 1e-9 * (double)t.tv_nsec);
  return 1;
}

static uint64_t seed_arg(lua_State *L, int i) {
  if (lua_isinteger(L, i)) return (uint64_t)lua_tointeger(L, i);
  double x = luaL_checknumber(L, i);
  if (x != x || x < -0x1p63 || x >= 0x1p63) raisef(L, "seed: %.14g, wanted a whole number", x);
  return (uint64_t)(int64_t)x;
}

static int set_seed(lua_State *L) {
  genai *rt = rt_of(L);
  if (!lua_isnone(L, 1)) genai_seed(rt, seed_arg(L, 1));
  lua_pushinteger(L, (lua_Integer)rt->seed);
  return 1;
}

static int set_threads(lua_State *L) {
  gn *g = rt_of(L)->g;
  if (!lua_isnone(L, 1) && !gn_set_threads(g, (int)luaL_checkinteger(L, 1))) return raise_error(L);
  lua_pushinteger(L, gn_threads(g));
  return 1;
}

/* core.memory(anew) -> live, peak; with anew the peak is counted from now on. */
static int memory(lua_State *L) {
  if (lua_toboolean(L, 1)) gn_peak_anew(rt_of(L)->g);
  size_t peak, live = gn_live(rt_of(L)->g, &peak);
  lua_pushinteger(L, (lua_Integer)live);
  lua_pushinteger(L, (lua_Integer)peak);
  return 2;
}

/* core.tidy(): a model has been loaded; what that needed goes back to the system. */
static int tidy(lua_State *L) {
  gn_tidy(rt_of(L)->g);
  return 0;
}

static int mode(lua_State *L) {
  gn *g = rt_of(L)->g;
  static const char *const words[] = { "fast", "exact", NULL };
  if (!lua_isnone(L, 1)) gn_set_exact(g, luaL_checkoption(L, 1, NULL, words));
  lua_pushstring(L, words[gn_exact(g)]);
  return 1;
}

static int isa(lua_State *L) {
  gn *g = rt_of(L)->g;
  if (!lua_isnone(L, 1) && !gn_set_isa(g, luaL_optstring(L, 1, NULL))) return raise_error(L);
  lua_pushstring(L, gn_isa(g));
  return 1;
}

/* core.limit(bytes) -> what it was; 0 = none */
static int limit(lua_State *L) {
  size_t was = gn_limit(rt_of(L)->g);
  if (!lua_isnone(L, 1)) gn_set_limit(rt_of(L)->g, (size_t)luaL_checkinteger(L, 1));
  lua_pushinteger(L, (lua_Integer)was);
  return 1;
}

/* core.alive() -> tensors, storages, nodes: for leak checks. Numbers kept for reuse are not counted. */
static int alive(lua_State *L) {
  const gn *g = rt_of(L)->g;
  int64_t kept = 0;
  for (int i = 0; i < 4; i++) kept += g->spare[i] != NULL;
  for (int i = 0; i < 3; i++) lua_pushinteger(L, g->counted[i] - (i < 2 ? kept : 0));
  return 3;
}

/* ---- base64 (RFC 4648) ---- */
static int base64(lua_State *L) {
  static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  size_t n;
  const unsigned char *p = (const unsigned char *)luaL_checklstring(L, 1, &n);
  luaL_Buffer b;
  char *out = luaL_buffinitsize(L, &b, (n + 2) / 3 * 4);
  size_t at = 0;
  for (size_t i = 0; i < n; i += 3) {
    uint32_t v = (uint32_t)p[i] << 16 | (i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0) | (i + 2 < n ? p[i + 2] : 0);
    out[at++] = digit[v >> 18], out[at++] = digit[v >> 12 & 63];
    out[at++] = i + 1 < n ? digit[v >> 6 & 63] : '=';
    out[at++] = i + 2 < n ? digit[v & 63] : '=';
  }
  luaL_pushresultsize(&b, at);
  return 1;
}

/* core.unbase64(text) -> bytes, or nil where the text is not base64; padding may be left away. */
static int unbase64(lua_State *L) {
  size_t n;
  const unsigned char *p = (const unsigned char *)luaL_checklstring(L, 1, &n);
  while (n && p[n - 1] == '=') n--;
  if (n % 4 == 1) return 0;
  luaL_Buffer b;
  char *out = luaL_buffinitsize(L, &b, n / 4 * 3 + 3);
  size_t at = 0;
  uint32_t v = 0;
  for (size_t i = 0; i < n; i++) {
    unsigned c = p[i];
    int d = c >= 'A' && c <= 'Z' ? (int)c - 'A' : c >= 'a' && c <= 'z' ? (int)c - 'a' + 26 : c >= '0' && c <= '9' ? (int)c - '0' + 52 : c == '+' ? 62 : c == '/' ? 63 : -1;
    if (d < 0) return 0;
    v = v << 6 | (uint32_t)d;
    if (i % 4 == 3) out[at++] = (char)(v >> 16), out[at++] = (char)(v >> 8), out[at++] = (char)v;
  }
  if (n % 4 == 2) out[at++] = (char)(v >> 4);
  if (n % 4 == 3) out[at++] = (char)(v >> 10), out[at++] = (char)(v >> 2);
  luaL_pushresultsize(&b, at);
  return 1;
}

static const luaL_Reg functions[] = {
  { "read", file_read }, { "write", file_write }, { "exists", file_exists }, { "mkdir", file_mkdir }, { "list", file_list }, { "tmpdir", make_tmpdir },
  { "clock", clock_now }, { "seed", set_seed }, { "threads", set_threads }, { "memory", memory }, { "tidy", tidy }, { "mode", mode }, { "isa", isa }, { "limit", limit },
  { "alive", alive }, { "base64", base64 }, { "unbase64", unbase64 }, { NULL, NULL },
};

void open_system(lua_State *L) { luaL_setfuncs(L, functions, 0); }
