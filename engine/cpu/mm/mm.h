#ifndef GN_CPU_MM_H
#define GN_CPU_MM_H
#define KERNELS_MM(KERNEL)
#endif
