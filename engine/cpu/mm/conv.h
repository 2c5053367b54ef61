#ifndef GN_CPU_CONV_H
#define GN_CPU_CONV_H
#define KERNELS_CONV(KERNEL)
#endif
