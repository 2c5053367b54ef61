/* system.h: files, clock and temporary folder (lua_system.c). */
#ifndef SYSTEM_H
#define SYSTEM_H
#include "bind.h"
void remove_tmpdir(genai *);
void remove_tree(const char *path, int depth);
bool write_file(const char *path, const void *data, size_t size);          /* temp + fsync + rename; false + gn_error */
bool read_file(const char *path, size_t most, char **data, size_t *size);  /* malloc'ed, NUL after the end */
bool path_allowed(const genai *, const char *path);
genai *genai_open_mode(const genai_options *, bool exact, const char *isa);
genai_status genai_run_args(genai *, const char *file, int nargs, const char *const *args);
gn *genai_engine(genai *);
#endif
