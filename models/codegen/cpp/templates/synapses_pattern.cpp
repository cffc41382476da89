{# Brian2's synapses for connections whose place in memory is known from the indices of the neurons (see connectivity.py):
   neither index arrays nor a spike queue. Synapses are numbered row by row, a row being one presynaptic neuron's. Where
   those of a spiking neuron are scattered, what must be looked up for them is gathered once. #}
{# USES_VARIABLES { _synaptic_pre } #}
{% extends 'common_synapses.cpp' %}

{% block maincode %}
    {% if delay %}
    static equispike::DelayLine _line((int)({{delay}}[0] / {{dt}}[0] + 0.5));
    _line.push({{eventspace}}, {{eventspace}}[{{n_events}}]);
    const int32_t* const _events = _line.arriving().data();
    const int32_t _num_events = _line.arriving().size();
    {% else %}
    const int32_t* const _events = {{eventspace}};
    const int32_t _num_events = {{eventspace}}[{{n_events}}];
    {% endif %}
    if(_num_events == 0)
        return;
    // scalar code
    const size_t _vectorisation_idx = -1;
    {% set code = in_precision(scalar_code, vector_code) %}
    {{once_a_run(code.scalar)|autoindent}}
    using equispike::exp;
    using equispike::_clip;
    {% set is_pre = prepost == 'pre' %}
    {% set own, other = ('_presynaptic_idx', '_postsynaptic_idx') if is_pre else ('_postsynaptic_idx', '_presynaptic_idx') %}
    {% set statements = code.vector if pattern in ('rows', 'scattered') else without_lookups(code.vector) %}
    {% if pattern == 'scattered' %}
    {% set lookups = indirect(statements, own, fixed) %}
    static const equispike::Gathered _gathered({{sorted}}, {{n_events}});
    {% if lookups %}
    {% for name, array in lookups.lookups %}
    static const std::vector<int32_t> _gathered_{{name}} = _gathered.of({{array}});
    {% endfor %}
    {% endif %}
    {% elif pattern == 'rows' %}
    static const std::vector<size_t> _first = equispike::first_synapses({{sorted}}, {{n_events}});
    {% set lookups = indirect(statements, own, fixed) %}
    {% if lookups %}
    {% set arrays = lookups.lookups | map('last') | join(', ') %}
    static const equispike::Runs _runs(_first, { {{arrays}} });
    {% endif %}
    {% endif %}
    for(int32_t _event=0; _event<_num_events; _event++)
    {
        {% if pattern == 'scattered' %}
        const int32_t {{own}} = _events[_event];
        for(size_t _k=_gathered.begin({{own}}); _k<_gathered.begin({{own}} + 1); _k++)
        {
            const size_t _idx = _gathered.synapse(_k);
            const size_t _vectorisation_idx = _idx;
            {% if lookups %}
            {% for name, array in lookups.lookups %}
            const int32_t {{name}} = _gathered_{{name}}[_k];
            {% endfor %}
            {% endif %}
            {{(lookups.code if lookups else statements)|autoindent}}
        }
        {% elif pattern == 'rows' %}
        {% if lookups %}
        if(_runs.long_enough())
        {
            // What neighbouring synapses concern are neighbours too.
            const int32_t {{own}} = _events[_event];
            for(size_t _run=_runs.begin({{own}}); _run<_runs.begin({{own}} + 1); _run++)
            {
                const size_t _first_idx = _runs.first(_run);
                const int32_t _length = _runs.first(_run + 1) - _first_idx;
                {% for name, array in lookups.lookups %}
                const int32_t _first_{{name}} = {{array}}[_first_idx];
                {% endfor %}
                for(int32_t _k=0; _k<_length; _k++)
                {
                    const size_t _idx = _first_idx + _k;
                    const size_t _vectorisation_idx = _idx;
                    {% for name, array in lookups.lookups %}
                    const int32_t {{name}} = _first_{{name}} + _k;
                    {% endfor %}
                    {{lookups.code|autoindent}}
                }
            }
            continue;
        }
        {% endif %}
        for(size_t _idx=_first[_events[_event]]; _idx<_first[_events[_event] + 1]; _idx++)
        {
            const size_t _vectorisation_idx = _idx;
            {{statements|autoindent}}
        }
        {% else %}
        const int32_t {{own}} = _events[_event];
        {% if pattern == 'one-to-one' %}
        {
            const int32_t {{other}} = {{own}};
            const size_t _idx = {{own}};
            const size_t _vectorisation_idx = _idx;
            {{statements|autoindent}}
        }
        {% elif pattern == 'all-to-all' %}
        int32_t {{other}} = 0;
        {% set buffered = buffer_writes(statements) if is_pre and n_events * n_others >= 2000000 else none %}
        {% if buffered %}
        // Memory is written only where something changed.
        for(; {{other}}+64<={{n_others}}; {{other}}+=64)
        {
            const size_t _first_idx = (size_t){{own}} * {{n_others}} + {{other}};
            const int32_t _first_other = {{other}};
            {% for array in buffered.arrays %}
            std::remove_reference_t<decltype({{array}}[0])> _new{{array}}[64];
            int _changed{{array}} = 0;
            {% endfor %}
            for(int _k=0; _k<64; _k++)
            {
                const int32_t {{other}} = _first_other + _k;
                const size_t _idx = _first_idx + _k;
                const size_t _vectorisation_idx = _idx;
                {{buffered.code|autoindent}}
            }
            {% for array in buffered.arrays %}
            if(_changed{{array}})
                for(int _k=0; _k<64; _k++) {{array}}[_first_idx + _k] = _new{{array}}[_k];
            {% endfor %}
        }
        {% endif %}
        for(; {{other}}<{{n_others}}; {{other}}++)
        {
            const size_t _idx = {{'(size_t)_presynaptic_idx * %d + _postsynaptic_idx' % (n_others if is_pre else n_events)}};
            const size_t _vectorisation_idx = _idx;
            {{statements|autoindent}}
        }
        {% else %}{# all but oneself: the loop before the gap, then the one after it #}
        for(int _after=0; _after<2; _after++)
        {
            const int32_t _stop = _after ? {{n_others}} : {{own}};
            for(int32_t {{other}}=_after ? {{own}} + 1 : 0; {{other}}<_stop; {{other}}++)
            {
                const size_t _idx = (size_t)_presynaptic_idx * {{n_others - 1}} + _postsynaptic_idx - {{'_after' if is_pre else '(1 - _after)'}};
                const size_t _vectorisation_idx = _idx;
                {{statements|autoindent}}
            }
        }
        {% endif %}
        {% endif %}
    }
{% endblock %}
