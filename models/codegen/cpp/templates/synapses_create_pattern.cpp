{# Brian2's creation of synapses for connections whose number and order are known; index arrays and the other arrays of one
   entry a synapse are made only where something reads them, which the device knows at the end (NEEDED). #}
{# USES_VARIABLES { _synaptic_pre, _synaptic_post, N_incoming, N_outgoing, N, N_pre, N_post } #}
{# WRITES_TO_READ_ONLY_VARIABLES { _synaptic_pre, _synaptic_post, N_incoming, N_outgoing, N } #}
{% extends 'common_synapses.cpp' %}

{% block maincode %}
    const size_t _n_synapses = {{n_synapses}};
    {{_dynamic_N_outgoing}}.resize({{n_pre}}, {{n_outgoing}});
    {{_dynamic_N_incoming}}.resize({{n_post}}, {{n_incoming}});
    {% set indices = [get_array_name(variables['_synaptic_pre'], access_data=False), get_array_name(variables['_synaptic_post'], access_data=False)] %}
    if(NEEDED({{indices[0]}}) || NEEDED({{indices[1]}}))
    {
        for(int32_t _pre=0; _pre<{{n_pre}}; _pre++)
            for(int32_t _post={{'_pre' if pattern == 'one-to-one' else '0'}}; _post<{{'_pre + 1' if pattern == 'one-to-one' else n_post}}; _post++)
            {
                {% if pattern == 'all-but-self' %}
                if(_pre == _post)
                    continue;
                {% endif %}
                {{indices[0]}}.push_back(_pre);
                {{indices[1]}}.push_back(_post);
            }
    }
    {% for varname in owner._registered_variables | variables_to_array_names(access_data=False) | sort%}
    {% if varname not in indices %}
    if(NEEDED({{varname}}))
        {{varname}}.resize(_n_synapses);
    {% endif %}
    {% endfor %}
    {{N}} = _n_synapses;
{% endblock %}
