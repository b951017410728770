// `lr_correction.engine` in C++, for the vectors that every processor of its kind has.
#define KERNEL_NAME _kernel
#include "kernel/module.hpp"
