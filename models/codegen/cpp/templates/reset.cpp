{# Brian2's reset, which leaves at once where there are no events. #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}

{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const int32_t* const _events = {{_eventspace}};
    const int32_t _num_events = {{_eventspace}}[N];
    if(_num_events == 0)
        return;
    // scalar code
    const size_t _vectorisation_idx = -1;
    {% set code = in_precision(scalar_code, vector_code) %}
    {{once_a_run(code.scalar)|autoindent}}
    using equispike::exp;
    using equispike::_clip;
    if(_num_events == N)
    {
        for(size_t _idx=0; _idx<N; _idx++)
        {
            const size_t _vectorisation_idx = _idx;
            {{code.vector|autoindent}}
        }
        return;
    }
    for(int32_t _event=0; _event<_num_events; _event++)
    {
        const size_t _idx = _events[_event];
        const size_t _vectorisation_idx = _idx;
        {{code.vector|autoindent}}
    }
{% endblock %}
