#ifndef GN_CPU_REDUCE_H
#define GN_CPU_REDUCE_H
#define KERNELS_REDUCE(KERNEL)
#endif
