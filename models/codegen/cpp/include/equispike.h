// What our generated code uses beside Brian2's headers.
#ifndef EQUISPIKE_H
#define EQUISPIKE_H
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>
#include "run_file.h"

namespace equispike {

// x + a * b; with FMA instructions as one operation, which -ffast-math cannot merge with its neighbours.
#ifdef __FMA__
static inline double multiply_add(double a, double b, double x) { return __builtin_fma(a, b, x); }
static inline float multiply_add(float a, float b, float x) { return __builtin_fmaf(a, b, x); }
#else
static inline double multiply_add(double a, double b, double x) { return x + a * b; }
static inline float multiply_add(float a, float b, float x) { return x + a * b; }
#endif

// The exponential function without branches or calls, so that loops over it vectorise: reduction to |r| <= log(2) / 2 and
// the Taylor polynomial. Relative error below 4 machine epsilons (without FMA instructions 2e-17 |x| more) where the result
// is a normal number up to 2^1023 (float: 2^127); infinity above, 0 below, NaN of NaN.
static inline __attribute__((always_inline)) double exp(double x)
{
    const double k = __builtin_rint(x * 1.4426950408889634074);
    const double r = multiply_add(k, -1.42860682030941723212e-6, multiply_add(k, -6.93145751953125e-1, x));
    double p = 2.08767569878681e-9;
    p = p * r + 2.505210838544172e-8;
    p = p * r + 2.755731922398589e-7;
    p = p * r + 2.7557319223985893e-6;
    p = p * r + 2.48015873015873e-5;
    p = p * r + 1.984126984126984e-4;
    p = p * r + 1.3888888888888889e-3;
    p = p * r + 8.333333333333333e-3;
    p = p * r + 4.1666666666666664e-2;
    p = p * r + 1.6666666666666666e-1;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    const int64_t bits = ((int64_t)(int32_t)k + 1023) << 52;
    double power;
    std::memcpy(&power, &bits, sizeof(power));
    const double y = p * power;
    return x < -708.39 ? 0.0 : x > 709.43 ? HUGE_VAL : y;
}

static inline __attribute__((always_inline)) float exp(float x)
{
    const float k = __builtin_rintf(x * 1.44269504f);
    const float r = multiply_add(k, 2.12194440e-4f, multiply_add(k, -0.693359375f, x));
    float p = 1.3888889e-3f;
    p = p * r + 8.3333338e-3f;
    p = p * r + 4.1666668e-2f;
    p = p * r + 1.6666667e-1f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    const int32_t bits = ((int32_t)k + 127) << 23;
    float power;
    std::memcpy(&power, &bits, sizeof(power));
    const float y = p * power;
    return x < -87.33f ? 0.0f : x > 88.37f ? HUGE_VALF : y;
}

// Of integers, as in <cmath>.
template <typename T> static inline std::enable_if_t<std::is_integral_v<T>, double> exp(T x) { return std::exp((double)x); }

// Brian2's clip, with bounds of the value's own type so that float stays float.
template <typename T> using bound = std::conditional_t<std::is_floating_point_v<T>, T, double>;
template <typename T> static inline T _clip(const T value, const bound<T> a_min, const bound<T> a_max)
{
    return value < a_min ? (T)a_min : value > a_max ? (T)a_max : value;
}

// The events of a group as they arrive after a delay that all synapses share: a ring of copies, one a time step.
class DelayLine {
public:
    explicit DelayLine(int n_steps) : slots_(n_steps + 1) {}
    void push(const int32_t* events, int32_t n)
    {
        newest_ = after_newest();
        slots_[newest_].assign(events, events + n);
    }
    const std::vector<int32_t>& arriving() const { return slots_[after_newest()]; }

private:
    size_t after_newest() const { return newest_ + 1 == slots_.size() ? 0 : newest_ + 1; }
    std::vector<std::vector<int32_t>> slots_;
    size_t newest_ = 0;
};

// Where the synapses of each neuron start in ``sorted``, the neurons of all synapses in rising order.
std::vector<size_t> first_synapses(const std::vector<int32_t>& sorted, size_t n_neurons);

// Synapses in the order of their neurons, those of one neuron in the order of their numbers.
class Gathered {
public:
    Gathered(const std::vector<int32_t>& neurons, size_t n_neurons);
    size_t begin(size_t neuron) const { return begins_[neuron]; }
    size_t synapse(size_t k) const { return synapses_[k]; }
    std::vector<int32_t> of(const int32_t* values) const;

private:
    std::vector<size_t> begins_;
    std::vector<int32_t> synapses_;
};

// Synapses of one neuron along which each of some numbers rises by one: such runs need no lookup a synapse.
class Runs {
public:
    // first_synapses: where each neuron's synapses start, and their number; numbers: arrays of one element a synapse.
    Runs(const std::vector<size_t>& first_synapses, const std::vector<const int32_t*>& numbers);
    size_t begin(size_t neuron) const { return begins_[neuron]; }
    size_t first(size_t run) const { return firsts_[run]; }
    bool long_enough() const { return long_enough_; }

private:
    std::vector<size_t> begins_, firsts_;
    bool long_enough_;
};

}
#endif
