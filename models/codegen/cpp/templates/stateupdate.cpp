{# Brian2's state update. Where neurons can be refractory, those that are come last and one by one, as Brian2 writes them;
   all others run through a loop in which nothing depends on refractoriness, which compilers vectorise. #}
{# USES_VARIABLES { N } #}
{# ALLOWS_SCALAR_WRITE #}
{% extends 'common_group.cpp' %}

{% block maincode %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {% set code = in_precision(scalar_code, vector_code) %}
    {{once_a_run(code.scalar)|autoindent}}
    using equispike::exp;
    using equispike::_clip;
    using equispike::_exprel;
    const int _N = {{constant_or_scalar('N', variables['N'])}};
    {% set split = split_refractory(code.vector) %}
    {% if split %}
    static std::vector<int> _held;
    _held.clear();
    {% set flags = split.flags %}
    for(const char* _flag = {{flags}}; (_flag = (const char*)memchr(_flag, 0, {{flags}} + _N - _flag)); _flag++)
        _held.push_back(_flag - {{flags}});
    {% for array in split.written %}
    static std::vector<std::remove_reference_t<decltype({{array}}[0])>> _before{{array}};
    _before{{array}}.clear();
    for(const int _idx : _held) _before{{array}}.push_back({{array}}[_idx]);
    {% endfor %}
    {% for part in by_precision(split.free) %}
    for(int _idx=0; _idx<_N; _idx++)
    {
        const size_t _vectorisation_idx = _idx;
        {{part|autoindent}}
    }
    {% endfor %}
    for(size_t _k=0; _k<_held.size(); _k++)
    {
        const int _idx = _held[_k];
        const size_t _vectorisation_idx = _idx;
        {% for array in split.written %}
        {{array}}[_idx] = _before{{array}}[_k];
        {% endfor %}
        {{code.vector|autoindent}}
    }
    {% else %}
    {% for part in by_precision(code.vector) %}
    for(int _idx=0; _idx<_N; _idx++)
    {
        const size_t _vectorisation_idx = _idx;
        {{part|autoindent}}
    }
    {% endfor %}
    {% endif %}
{% endblock %}
