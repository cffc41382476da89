#include "equispike.h"
#include "network.h"
#include "brianlib/cuda_utils.h"

namespace equispike {

__constant__ double device_constants[N_CONSTANTS + 1];
__device__ int stop_asked = 0;

void upload_constants()
{
    CUDA_SAFE_CALL(cudaMemcpyToSymbol(device_constants, constants, sizeof(constants)));
}

void stop_if_asked()
{
    int asked;
    CUDA_SAFE_CALL(cudaMemcpyFromSymbol(&asked, stop_asked, sizeof(asked)));
    if (asked) Network::_globally_stopped = true;
}

}
