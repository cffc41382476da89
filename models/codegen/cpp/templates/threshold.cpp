{# Brian2's threshold, sixty-four neurons at a time: a loop without branches, which compilers vectorise, asks whether any of
   them may have crossed; only then are the conditions written down, a byte each, and the non-zero ones picked. #}
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
    {% set statements = with_true(code.vector, shared) if shared else code.vector %}
    long _count = 0;
    const auto _check = [&](const size_t _start, const size_t _stop) __attribute__((always_inline))
    {
        {% if not is_stateful(statements) %}
        int _any = 0;
        for(size_t _idx=_start; _idx<_stop; _idx++)
        {
            const size_t _vectorisation_idx = _idx;
            {{never_refractory(statements)|autoindent}}
            _any |= _cond;
        }
        if(!_any)
            return;
        {% endif %}
        alignas(64) char _conditions[64] = {0};
        for(size_t _idx=_start; _idx<_stop; _idx++)
        {
            const size_t _vectorisation_idx = _idx;
            {{statements|autoindent}}
            _conditions[_idx - _start] = _cond;
        }
        for(size_t _eight=0; _eight<64; _eight+=8)
        {
            uint64_t _flags;
            memcpy(&_flags, _conditions + _eight, 8);
            for(; _flags; _flags&=_flags-1)
            {
                const size_t _idx = _start + _eight + __builtin_ctzll(_flags) / 8;
                {{_eventspace}}[_count++] = _idx;
                {% if _uses_refractory %}
                {{not_refractory}}[_idx] = false;
                {{lastspike}}[_idx] = {{t}};
                {% endif %}
            }
        }
    };
    size_t _start = 0;
    for(; _start+64<=N; _start+=64)
        _check(_start, _start + 64);
    if(_start < N)
        _check(_start, N);
    {{_eventspace}}[N] = _count;
{% endblock %}

{% block after_code %}
{% set _eventspace = get_array_name(eventspace_variable) %}
{{_eventspace}}[N] = 0;  // the array has N+1 elements
{% endblock %}
