// As much of CUDA, Thrust and cuRAND as Brian2CUDA's programs use, on a processor. Device memory is memory of its own that
// begins as garbage; the threads of a launch run one after the other, in an order that changes from launch to launch.
#pragma once
#include <algorithm>
#include <barrier>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#define __CUDA_ARCH__ 900
#define __device__
#define __host__
#define __global__
#define __constant__
#define __shared__ static

namespace emulated {
struct Index { unsigned x = 0; };
inline thread_local Index thread, block;
inline Index size_of_block;
inline std::barrier<>* barrier = nullptr;
inline std::mt19937_64 order(std::getenv("EMULATED_ORDER") ? std::atoi(std::getenv("EMULATED_ORDER")) : 0);

inline std::vector<unsigned> shuffled(unsigned n)
{
    std::vector<unsigned> numbers(n);
    std::iota(numbers.begin(), numbers.end(), 0);
    std::shuffle(numbers.begin(), numbers.end(), order);
    return numbers;
}

inline void launch(const char* name, unsigned blocks, unsigned threads, const std::function<void()>& kernel)
{
    if (blocks < 1 || threads < 1) { std::fprintf(stderr, "%s: %u blocks of %u threads\n", name, blocks, threads); std::exit(1); }
    size_of_block.x = threads;
    for (const unsigned b : shuffled(blocks))
        if (std::string(name).starts_with("_before_run_kernel")) {  // its threads wait for one another
            std::barrier<> all(threads);
            barrier = &all;
            std::vector<std::thread> running;
            for (unsigned t = 0; t < threads; t++)
                running.emplace_back([&, t] { block.x = b; thread.x = t; kernel(); all.arrive_and_drop(); });
            for (auto& each : running) each.join();
            barrier = nullptr;
        } else {
            // Thread 0 comes first: it takes the locks.
            std::vector<unsigned> numbers = shuffled(threads);
            std::swap(numbers[0], *std::find(numbers.begin(), numbers.end(), 0u));
            for (const unsigned t : numbers) { block.x = b; thread.x = t; kernel(); }
        }
}
}
#define threadIdx emulated::thread
#define blockIdx emulated::block
#define blockDim emulated::size_of_block

inline void __syncthreads() { if (emulated::barrier) emulated::barrier->arrive_and_wait(); }
inline void __threadfence() {}
template <class T> T atomicAdd(T* address, T value) { const T old = *address; *address += value; return old; }
template <class T> T atomicCAS(T* address, std::type_identity_t<T> compare, std::type_identity_t<T> value) { const T old = *address; if (old == compare) *address = value; return old; }
inline int __float_as_int(float x) { int y; std::memcpy(&y, &x, 4); return y; }
inline float __int_as_float(int x) { float y; std::memcpy(&y, &x, 4); return y; }
inline long long __double_as_longlong(double x) { long long y; std::memcpy(&y, &x, 8); return y; }
inline double __longlong_as_double(long long x) { double y; std::memcpy(&y, &x, 8); return y; }
template <class T> T min(T a, T b) { return std::min(a, b); }

enum cudaError { cudaSuccess };
typedef cudaError cudaError_t;
enum { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice, cudaLimitMallocHeapSize };
struct cudaDeviceProp { int multiProcessorCount, maxThreadsPerBlock, maxThreadsPerMultiProcessor, sharedMemPerBlock, warpSize; };
struct cudaFuncAttributes { int maxThreadsPerBlock, numRegs, sharedSizeBytes, localSizeBytes, constSizeBytes; };
inline cudaError cudaSetDevice(int) { return cudaSuccess; }
inline cudaError cudaDeviceSetLimit(int, size_t) { return cudaSuccess; }
inline cudaError cudaDeviceSynchronize() { return cudaSuccess; }
inline cudaError cudaProfilerStop() { return cudaSuccess; }
inline cudaError cudaGetLastError() { return cudaSuccess; }
inline const char* cudaGetErrorString(cudaError) { return "an error"; }
inline cudaError cudaGetDeviceProperties(cudaDeviceProp* p, int) { *p = {2, 64, 128, 48 << 10, 32}; return cudaSuccess; }
inline cudaError cudaMemGetInfo(size_t* available, size_t* total) { *available = *total = 1ul << 33; return cudaSuccess; }
inline cudaError cudaMalloc(void** p, size_t n) { *p = std::malloc(n + 1); std::memset(*p, 0xff, n + 1); return cudaSuccess; }
inline cudaError cudaFree(void* p) { std::free(p); return cudaSuccess; }
inline cudaError cudaMemcpy(void* to, const void* from, size_t n, int) { std::memcpy(to, from, n); return cudaSuccess; }
inline cudaError cudaMemset(void* to, int value, size_t n) { std::memset(to, value, n); return cudaSuccess; }
template <class T> cudaError cudaMemcpyToSymbol(T& to, const void* from, size_t n) { std::memcpy((void*)&to, from, n); return cudaSuccess; }
template <class T> cudaError cudaMemcpyFromSymbol(void* to, const T& from, size_t n) { std::memcpy(to, (const void*)&from, n); return cudaSuccess; }
template <class K> cudaError cudaFuncGetAttributes(cudaFuncAttributes* a, K) { *a = {64, 0, 0, 0, 0}; return cudaSuccess; }
template <class K> cudaError cudaOccupancyMaxPotentialBlockSize(int* least, int* threads, K, size_t, int) { *least = 1; *threads = 32; return cudaSuccess; }
template <class K> cudaError cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, K, int, size_t) { *blocks = 1; return cudaSuccess; }

#define CURAND_H_
enum curandStatus_t {
    CURAND_STATUS_SUCCESS, CURAND_STATUS_VERSION_MISMATCH, CURAND_STATUS_NOT_INITIALIZED, CURAND_STATUS_ALLOCATION_FAILED,
    CURAND_STATUS_TYPE_ERROR, CURAND_STATUS_OUT_OF_RANGE, CURAND_STATUS_LENGTH_NOT_MULTIPLE,
    CURAND_STATUS_DOUBLE_PRECISION_REQUIRED, CURAND_STATUS_LAUNCH_FAILURE, CURAND_STATUS_PREEXISTING_FAILURE,
    CURAND_STATUS_INITIALIZATION_FAILED, CURAND_STATUS_ARCH_MISMATCH, CURAND_STATUS_INTERNAL_ERROR
};
enum { CURAND_RNG_PSEUDO_DEFAULT };
typedef std::mt19937_64* curandGenerator_t;
struct curandState {};
inline void curand_init(unsigned long long, int, int, curandState*) {}
inline curandStatus_t curandCreateGenerator(curandGenerator_t* g, int) { *g = new std::mt19937_64; return CURAND_STATUS_SUCCESS; }
inline curandStatus_t curandDestroyGenerator(curandGenerator_t g) { delete g; return CURAND_STATUS_SUCCESS; }
inline curandStatus_t curandSetPseudoRandomGeneratorSeed(curandGenerator_t g, unsigned long long s) { g->seed(s); return CURAND_STATUS_SUCCESS; }
inline curandStatus_t curandSetGeneratorOffset(curandGenerator_t, unsigned long long) { return CURAND_STATUS_SUCCESS; }
template <class T> curandStatus_t uniform(curandGenerator_t g, T* to, size_t n) { for (size_t k = 0; k < n; k++) to[k] = T(1) - std::uniform_real_distribution<T>()(*g); return CURAND_STATUS_SUCCESS; }
template <class T> curandStatus_t normal(curandGenerator_t g, T* to, size_t n, T mean, T sd) { std::normal_distribution<T> d(mean, sd); for (size_t k = 0; k < n; k++) to[k] = d(*g); return CURAND_STATUS_SUCCESS; }
inline curandStatus_t curandGenerateUniform(curandGenerator_t g, float* to, size_t n) { return uniform(g, to, n); }
inline curandStatus_t curandGenerateUniformDouble(curandGenerator_t g, double* to, size_t n) { return uniform(g, to, n); }
inline curandStatus_t curandGenerateNormal(curandGenerator_t g, float* to, size_t n, float mean, float sd) { return normal(g, to, n, mean, sd); }
inline curandStatus_t curandGenerateNormalDouble(curandGenerator_t g, double* to, size_t n, double mean, double sd) { return normal(g, to, n, mean, sd); }
inline curandStatus_t curandGeneratePoisson(curandGenerator_t, unsigned*, size_t, double) { std::abort(); }

namespace thrust {
template <class T> struct host_vector : std::vector<T> {
    using std::vector<T>::vector;
    template <class V> host_vector& operator=(const V& other) { this->assign(other.begin(), other.end()); return *this; }
};
template <class T> struct device_vector : std::vector<T> {
    using std::vector<T>::vector;
    template <class V> device_vector& operator=(const V& other) { this->assign(other.begin(), other.end()); return *this; }
};
template <class T> T* raw_pointer_cast(T* p) { return p; }
template <class A, class B> using pair = std::pair<A, B>;
template <class I> void sequence(I first, I last) { std::iota(first, last, 0); }
template <class K, class V> void sort_by_key(K first, K last, V values)
{
    std::vector<std::pair<typename K::value_type, typename V::value_type>> both;
    for (K k = first; k != last; k++) both.emplace_back(*k, values[k - first]);
    std::stable_sort(both.begin(), both.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [key, value] : both) { *first++ = key; *values++ = value; }
}
template <class K, class V> std::pair<K, V> unique_by_key(K first, K last, V values)
{
    K key = first; V value = values;
    for (K k = first; k != last; k++)
        if (k == first || *k != *(key - 1)) { *key++ = *k; *value++ = values[k - first]; }
    return {key, value};
}
}
