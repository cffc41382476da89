// What generated CUDA code uses beside Brian2CUDA's headers.
#ifndef EQUISPIKE_H
#define EQUISPIKE_H
#include "run_file.h"

namespace equispike {

extern __constant__ double device_constants[N_CONSTANTS + 1];
extern __device__ int stop_asked;

// A number of the run file, on the host or on the device.
inline __host__ __device__ double constant(const int k)
{
#ifdef __CUDA_ARCH__
    return device_constants[k];
#else
    return constants[k];
#endif
}

void upload_constants();
// Runs after everything else in a time step: kernels cannot end the host's loop over time.
void stop_if_asked();

}
#endif
