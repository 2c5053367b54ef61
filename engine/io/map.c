/* map.c: files mapped into memory, privately: scripts may write into what they loaded. The tensors made of a map hold it. */
#include "io.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

gn_map *gn_map_open(const char *path) {
  struct stat s;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return gn_fail("%s: %s", path, strerror(errno)), NULL;
  gn_map *m = NULL;
  if (fstat(fd, &s) || !S_ISREG(s.st_mode)) gn_fail("%s: not a file", path);
  else if (!s.st_size) gn_fail("%s: the file is empty", path);
  else if (!(m = malloc(sizeof *m))) gn_fail_as(GN_NOMEM, "%s: out of memory", path);
  else {
    m->size = (size_t)s.st_size, m->file[0] = (uint64_t)s.st_dev, m->file[1] = (uint64_t)s.st_ino;
    atomic_init(&m->refs, 1);
    m->base = mmap(NULL, m->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (m->base == MAP_FAILED) free(m), m = NULL, gn_fail("%s: cannot be mapped: %s", path, strerror(errno));
  }
  close(fd);
  return m;
}

void gn_map_unref(void *owner) {
  gn_map *m = owner;
  if (!m || atomic_fetch_sub(&m->refs, 1) > 1) return;
  munmap(m->base, m->size);
  free(m);
}
