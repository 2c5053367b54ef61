/* table.c: the kernel table of one ISA level and mode; compiled once for each. */
#include "kernels.h"
#define CAT2(a, b) a##b
#define CAT(a, b) CAT2(a, b)
#define CAT4_(a, l, m) gn_k_##a##_##l##m
#define CAT4(a, l, m) CAT4_(a, l, m)
#define KERNEL(type, name, arguments) type CAT4(name, GN_TABLE_LEVEL, ) arguments;
#define PLAIN(type, name, arguments) type CAT4(name, GN_TABLE_PLAIN, ) arguments;
#define MM_KERNEL(type, name, arguments) type CAT4(name, GN_TABLE_LEVEL, GN_TABLE_MODE) arguments;
KERNELS_ELEM(KERNEL) KERNELS_REDUCE(KERNEL) KERNELS_SUMS(PLAIN) KERNELS_INDEX(PLAIN) KERNELS_OPTIM(PLAIN) KERNELS_MM(MM_KERNEL) KERNELS_CONV(MM_KERNEL)
#undef KERNEL
#undef PLAIN
#undef MM_KERNEL
#define KERNEL(type, name, arguments) .name = CAT4(name, GN_TABLE_LEVEL, ),
#define PLAIN(type, name, arguments) .name = CAT4(name, GN_TABLE_PLAIN, ),
#define MM_KERNEL(type, name, arguments) .name = CAT4(name, GN_TABLE_LEVEL, GN_TABLE_MODE),
const gn_kernels CAT(gn_table_, CAT(GN_TABLE_LEVEL, GN_TABLE_MODE)) = {
  KERNELS_ELEM(KERNEL) KERNELS_REDUCE(KERNEL) KERNELS_SUMS(PLAIN) KERNELS_INDEX(PLAIN) KERNELS_OPTIM(PLAIN) KERNELS_MM(MM_KERNEL) KERNELS_CONV(MM_KERNEL)
};
