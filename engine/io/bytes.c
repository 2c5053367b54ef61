/* bytes.c: the bounded reader, growing buffers, CRC-32, lists of named tensors. */
#include "io.h"
#include <stdlib.h>
#include <string.h>

uint64_t gn_read_le(gn_reader *r, int bytes) {
  if (r->bad || r->size - r->at < (size_t)bytes) { r->bad = true; return 0; }
  uint64_t v = 0;
  for (int i = bytes - 1; i >= 0; i--) v = v << 8 | r->data[r->at + (size_t)i];
  r->at += (size_t)bytes;
  return v;
}

/* Four bits at a time: a table of 16. */
uint32_t gn_crc32(uint32_t crc, const void *data, size_t size) {
  static const uint32_t table[16] = { 0, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                      0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c };
  const uint8_t *p = data;
  crc = ~crc;
  for (size_t i = 0; i < size; i++) {
    crc = table[(crc ^ p[i]) & 15] ^ crc >> 4;
    crc = table[(crc ^ (uint32_t)p[i] >> 4) & 15] ^ crc >> 4;
  }
  return ~crc;
}

void gn_put(gn_buffer *b, const void *data, size_t size) {
  if (b->bad) return;
  if (b->room - b->size < size) {
    size_t room = b->room * 2 > b->size + size ? b->room * 2 : b->size + size + 256;
    char *more = realloc(b->data, room);
    if (!more) { b->bad = true; gn_fail_as(GN_NOMEM, "out of memory: %.1f MB for a file", (double)room / 1048576); return; }
    b->data = more, b->room = room;
  }
  if (size) memcpy(b->data + b->size, data, size);
  b->size += size;
}

void gn_put_le(gn_buffer *b, uint64_t v, int bytes) {
  uint8_t p[8];
  for (int i = 0; i < bytes; i++) p[i] = (uint8_t)(v >> 8 * i);
  gn_put(b, p, (size_t)bytes);
}

bool gn_list_add(gn_list *l, const char *name, size_t len, gn_tensor *t) {
  if (!t) return false;
  if (l->n == l->room) {
    int room = l->room ? 2 * l->room : 32;
    gn_named *more = realloc(l->item, (size_t)room * sizeof *more);
    if (!more) return gn_unref(t), gn_fail_as(GN_NOMEM, "out of memory");
    l->item = more, l->room = room;
  }
  char *copy = malloc(len + 1);
  if (!copy) return gn_unref(t), gn_fail_as(GN_NOMEM, "out of memory");
  memcpy(copy, name, len);
  copy[len] = 0;
  l->item[l->n++] = (gn_named){ copy, t };
  return true;
}

void gn_list_free(gn_list *l) {
  for (int i = 0; i < l->n; i++) free(l->item[i].name), gn_unref(l->item[i].t);
  free(l->item);
  *l = (gn_list){ 0 };
}
