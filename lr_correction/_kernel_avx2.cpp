// `lr_correction.engine` in C++, for AVX2 and FMA.
#define KERNEL_NAME _kernel_avx2
#include "kernel/module.hpp"
