#include "equispike.h"

namespace equispike {

std::vector<size_t> first_synapses(const std::vector<int32_t>& sorted, size_t n_neurons)
{
    std::vector<size_t> first(n_neurons + 1, 0);
    for (const int32_t neuron : sorted) first[neuron + 1]++;
    for (size_t k = 0; k < n_neurons; k++) first[k + 1] += first[k];
    return first;
}

Gathered::Gathered(const std::vector<int32_t>& neurons, size_t n_neurons)
    : begins_(first_synapses(neurons, n_neurons)), synapses_(neurons.size())
{
    std::vector<size_t> next(begins_);
    for (size_t k = 0; k < neurons.size(); k++) synapses_[next[neurons[k]]++] = k;
}

std::vector<int32_t> Gathered::of(const int32_t* values) const
{
    std::vector<int32_t> gathered;
    gathered.reserve(synapses_.size());
    for (const int32_t synapse : synapses_) gathered.push_back(values[synapse]);
    return gathered;
}

Runs::Runs(const std::vector<size_t>& first_synapses, const std::vector<const int32_t*>& numbers)
{
    for (size_t neuron = 0; neuron + 1 < first_synapses.size(); neuron++) {
        begins_.push_back(firsts_.size());
        for (size_t k = first_synapses[neuron]; k < first_synapses[neuron + 1]; k++) {
            bool goes_on = k > first_synapses[neuron];
            for (const int32_t* const number : numbers) goes_on = goes_on && number[k] == number[k - 1] + 1;
            if (!goes_on) firsts_.push_back(k);
        }
    }
    begins_.push_back(firsts_.size());
    firsts_.push_back(first_synapses.back());
    long_enough_ = first_synapses.back() >= 8 * firsts_.size();
}

}
