{# In place of Brian2's synapses_push_spikes for pathways whose spikes need no queue. #}
{% extends 'common_group.cpp' %}
