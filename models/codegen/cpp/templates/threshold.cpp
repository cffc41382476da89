{# Brian2's threshold, sixty-four neurons at a time: a loop without branches, which compilers vectorise, asks whether any of
   them may have crossed; only then are they looked at one by one. #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}

{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    // scalar code
    const int _vectorisation_idx = -1;
    {% set code = in_precision(scalar_code, vector_code) %}
    {{once_a_run(code.scalar)|autoindent}}
    using equispike::exp;
    using equispike::_clip;
    {% set shared = shared_condition(code.vector) %}
    {% if shared %}
    if(!{{shared}}) {
        {{_eventspace}}[N] = 0;
        return;
    }
    {% endif %}
    long _count = 0;
    for(size_t _start=0; _start<N; _start+=64)
    {
        const size_t _stop = _start + 64 < N ? _start + 64 : N;
        {% if not is_stateful(code.vector) %}
        int _any = 0;
        for(size_t _idx=_start; _idx<_stop; _idx++)
        {
            const size_t _vectorisation_idx = _idx;
            {{never_refractory(code.vector)|autoindent}}
            _any |= _cond;
        }
        if(!_any)
            continue;
        {% endif %}
        for(size_t _idx=_start; _idx<_stop; _idx++)
        {
            const size_t _vectorisation_idx = _idx;
            {{code.vector|autoindent}}
            if(_cond) {
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
