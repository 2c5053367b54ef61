#ifndef GN_CPU_ELEM_H
#define GN_CPU_ELEM_H
#define KERNELS_ELEM(KERNEL)
#endif
