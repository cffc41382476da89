{# Brian2's threshold template in two passes: a loop without branches, which compilers vectorise, writes one byte a
   neuron; the second reads eight bytes at a time, so that silent neurons cost next to nothing. #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% block extra_headers %}
#include<cstring>
#include<vector>
{% endblock %}

{% block maincode %}
    // scalar code
    const int _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    {% set _eventspace = get_array_name(eventspace_variable) %}
    {# The device puts a test of the condition's scalar part here, where it has one. #}
    //// SCALAR GUARD ////
    static std::vector<char> _conditions;
    _conditions.resize(N + 8, 0);
    char* __restrict _condition = &_conditions[0];
    for(size_t _idx=0; _idx<N; _idx++)
    {
        const size_t _vectorisation_idx = _idx;
        {{vector_code|autoindent}}
        _condition[_idx] = _cond;
    }
    long _count = 0;
    for(size_t _start=0; _start<N; _start+=8)
    {
        uint64_t _eight;
        memcpy(&_eight, _condition + _start, 8);
        if(_eight == 0)
            continue;
        for(size_t _idx=_start; _idx<_start+8; _idx++)
        {
            if(_condition[_idx]) {
                {{_eventspace}}[_count++] = _idx;
                {% if _uses_refractory %}
                {{not_refractory}}[_idx] = false;
                {{lastspike}}[_idx] = {{t}};
                {% endif %}
            }
        }
    }
    {{_eventspace}}[N] = _count;
{% endblock %}

{% block after_code %}
{% set _eventspace = get_array_name(eventspace_variable) %}
{{_eventspace}}[N] = 0;  // the array has N+1 elements
{% endblock %}
