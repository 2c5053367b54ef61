/* kernels.h: the table of raw kernels, one per ISA level and mode.
 *
 * Files in cpu/ are compiled once per ISA level (-DGN_LEVEL=v2|v3|v4, -ffp-contract=off): their arithmetic is the same bits at every level, because
 * they use a fixed number of lanes and fixed trees. Files in cpu/mm/ are compiled twice per level: fast (-DGN_MODE=f, -ffp-contract=fast) and exact
 * (-DGN_MODE=x, off, k in order). cpu/ref.c is the plain twin: the table "ref" holds its functions for all coarse kernels.
 * KERNELS_SUMS, _INDEX and _OPTIM wait for memory, not for lanes: level v4 takes v3's.
 * A kernel is declared once in a KERNELS_* list: KERNEL(return type, name, (arguments)), MM_KERNEL for those of cpu/mm, and defined as
 *   RETURN K(name)(arguments) { .. }      (K adds the level; in cpu/mm level and mode)
 */
#ifndef GN_KERNELS_H
#define GN_KERNELS_H
#include "../gn.h"
#define GN_CAT3_(a, b, c) gn_k_##a##_##b##c
#define GN_CAT3(a, b, c) GN_CAT3_(a, b, c)
#ifndef GN_MODE
#define GN_MODE
#endif
#define K(name) GN_CAT3(name, GN_LEVEL, GN_MODE)
#include "elem.h"
#include "reduce.h"
#include "mm/mm.h"
#include "mm/conv.h"
#include "index.h"
#include "optim.h"
typedef struct gn_kernels {
#define KERNEL(type, name, arguments) type (*name) arguments;
#define MM_KERNEL(type, name, arguments) type (*name) arguments;
  KERNELS_ELEM(KERNEL) KERNELS_REDUCE(KERNEL) KERNELS_SUMS(KERNEL) KERNELS_INDEX(KERNEL) KERNELS_OPTIM(KERNEL) KERNELS_MM(MM_KERNEL) KERNELS_CONV(MM_KERNEL)
#undef KERNEL
#undef MM_KERNEL
} gn_kernels;
#ifdef GN_LEVEL
#define KERNEL(type, name, arguments) type K(name) arguments;
#ifdef GN_MM
KERNELS_MM(KERNEL) KERNELS_CONV(KERNEL)
#else
KERNELS_ELEM(KERNEL) KERNELS_REDUCE(KERNEL) KERNELS_SUMS(KERNEL) KERNELS_INDEX(KERNEL) KERNELS_OPTIM(KERNEL)
#endif
#undef KERNEL
#endif
#endif
