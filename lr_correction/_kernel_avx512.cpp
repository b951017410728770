// `lr_correction.engine` in C++, for AVX-512.
#define KERNEL_NAME _kernel_avx512
#include "kernel/module.hpp"
