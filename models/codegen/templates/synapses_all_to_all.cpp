{# Brian2's synapses template for all-to-all synapses without delay: synapse (i, j) stands at i * n_post + j, so the loop
   needs no index arrays and no spike queue, and compilers vectorise it when it runs along a row. #}
{# USES_VARIABLES { _synaptic_pre } #}
{% extends 'common_synapses.cpp' %}
{% block maincode %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    const int32_t* const _events = {{eventspace}};
    const int32_t _n_events = {{eventspace}}[{{n_sources}}];
    for(int32_t _event=0; _event<_n_events; _event++)
    {
        {% if prepost == 'pre' %}
        const int32_t _presynaptic_idx = _events[_event];
        {% else %}
        const int32_t _postsynaptic_idx = _events[_event];
        {% endif %}
        for(int32_t _other=0; _other<{{n_targets}}; _other++)
        {
            {% if prepost == 'pre' %}
            const int32_t _postsynaptic_idx = _other;
            const size_t _idx = (size_t)_presynaptic_idx * {{n_targets}} + _other;
            {% else %}
            const int32_t _presynaptic_idx = _other;
            const size_t _idx = (size_t)_other * {{n_sources}} + _postsynaptic_idx;
            {% endif %}
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
        }
    }
{% endblock %}
