#ifndef GN_CPU_GEMM_FEW_H
#define GN_CPU_GEMM_FEW_H
#define FEW_ROWS 24                              /* above it packing pays */
bool K(gemm_few)(gn *g, const gn_gemm *p, bool *done);
#endif
