/* packed.c: weights kept in the form a kernel wants them. Forms hang on the storage they were made from and go with it; all together hold at most MOST bytes
 * (an eighth of the memory limit). When that is full, a form gives way only after AGE requests for others: weights asked for in turn, a model larger than MOST,
 * would otherwise drive each other out, and be packed for nothing every time. */
#include "core.h"
#include "base.h"

#define MOST ((size_t)256 << 20)
#define AGE 1024

struct gn_form {                                                 /* in front of its block */
  gn_form *next, *newer, *older;                                 /* next: of the same storage */
  gn_storage *store;
  size_t bytes;
  uint64_t used, key;                                            /* key: of what part of the storage it is, and of what kind */
  uint32_t version;
};
_Static_assert(sizeof(gn_form) <= 64, "a form's head keeps its block aligned");

static uint64_t mixed(uint64_t key, uint64_t with) {
  key = (key ^ with) * 0x9e3779b97f4a7c15;
  return key ^ key >> 29;
}

/* Two views of one storage may begin at the same place: their sizes and steps tell them apart. */
gn_source gn_source_of(const gn_tensor *w, int64_t groups) {
  if (w->wants_grad) return (gn_source){ 0 };
  uint64_t key = mixed((uint64_t)groups, (uint64_t)(uintptr_t)w->data);
  for (int d = 0; d < w->ndim; d++) key = mixed(mixed(key, (uint64_t)w->dim[d]), w->dim[d] == 1 ? 0 : (uint64_t)w->stride[d]);
  return (gn_source){ w->store, key };
}

static void unlink_form(gn *g, gn_form *f) {
  if (f->newer) f->newer->older = f->older;
  else g->newest = f->older;
  if (f->older) f->older->newer = f->newer;
  else g->oldest = f->newer;
}

static void link_newest(gn *g, gn_form *f) {
  f->newer = NULL, f->older = g->newest, f->used = ++g->form_clock;
  if (g->newest) g->newest->newer = f;
  else g->oldest = f;
  g->newest = f;
}

static void drop(gn *g, gn_form *f) {
  gn_form **at = &f->store->forms;
  while (*at != f) at = &(*at)->next;
  *at = f->next;
  unlink_form(g, f);
  g->form_bytes -= f->bytes;
  gn_free(g, f, f->bytes);
}

void gn_packed_drop(gn_storage *s) {
  while (s->forms) drop(s->g, s->forms);
}

void gn_packed_clear(gn *g) {
  while (g->oldest) drop(g, g->oldest);
}

bool gn_packed_ready(const gn_source *s, int kind, size_t bytes) {
  for (const gn_form *f = s->store ? s->store->forms : NULL; f; f = f->next)
    if (f->key == mixed(s->key, (uint64_t)kind) && f->bytes == bytes + 64) return f->version == s->store->version;
  return false;
}

void *gn_packed_weights(gn *g, const gn_source *s, int kind, size_t bytes, bool *fresh) {
  size_t most = g->config.limit && g->config.limit / 8 < MOST ? g->config.limit / 8 : MOST, size = bytes + 64;
  uint64_t key = mixed(s->key, (uint64_t)kind);
  *fresh = true;
  if (!s->store || bytes > most) return NULL;
  for (gn_form *f = s->store->forms; f; f = f->next) {
    if (f->key != key || f->bytes != size) continue;
    *fresh = f->version != s->store->version;
    f->version = s->store->version;
    unlink_form(g, f), link_newest(g, f);
    return (char *)f + 64;
  }
  g->form_clock++;
  while (g->form_bytes + size > most && g->oldest && g->form_clock - g->oldest->used > AGE) drop(g, g->oldest);
  if (g->form_bytes + size > most) return NULL;
  gn_form *f = gn_alloc_long(g, size);
  if (!f) return NULL;
  *f = (gn_form){ .next = s->store->forms, .store = s->store, .bytes = size, .version = s->store->version, .key = key };
  s->store->forms = f, g->form_bytes += size;
  link_newest(g, f);
  return (char *)f + 64;
}
