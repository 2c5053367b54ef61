#ifndef GN_CPU_INDEX_H
#define GN_CPU_INDEX_H
#define KERNELS_INDEX(KERNEL)
#endif
