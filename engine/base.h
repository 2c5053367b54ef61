/* base.h: how the core's files open and close their parts of a runtime. */
#ifndef GN_BASE_H
#define GN_BASE_H
#include "core.h"
bool gn_mem_open(gn *);
void gn_mem_close(gn *);
void gn_mem_settle(gn *);                 /* after a backward pass: a collection, if much was allocated since the last */
void gn_press(gn *);                      /* asks the host to let go of what it can */
bool gn_rows_open(gn *);
void gn_rows_close(gn *);
void gn_pool_close(gn *);
void gn_tensors_close(gn *);
bool gn_in_task(void);                    /* on the pool, inside a task */
int64_t gn_fail_alloc_after(gn *, int64_t n, int64_t run);   /* tests: `run` allocations from the n-th from now on fail (0 = the next), n < 0 = off; gives how many were left */
void gn_packed_clear(gn *);               /* forgets packed weights */
void gn_packed_drop(gn_storage *);        /* forgets those that were made from a storage */
gn_tensor *gn_ghost(gn_tensor *);         /* same shape and place on the tape, no data */
void gn_drop_data(gn_tensor *);
void gn_take_data(gn_tensor *, const gn_tensor *from);
void gn_node_unref(gn_node *);
gn_node *gn_record(gn *, const gn_row *, gn_op, const gn_arg *args, int nargs, gn_tensor **out, int nouts);
#endif
