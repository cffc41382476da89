"""The squid's giant axon under space clamp: Hodgkin and Huxley's four equations."""

from __future__ import annotations

from dataclasses import dataclass

from brian2 import Quantity, cm, ms, msiemens, mV, uA, ufarad

from equispike.models.neurons.base import CHOICE, Neuron, NeuronParams
from equispike.models.params import param

PAPER = "Hodgkin & Huxley 1952, J. Physiol. 117:500-544, table 3"
RATES = "Hodgkin & Huxley 1952, equations 12, 13, 20, 21, 23, 24; depolarisation positive"
_PER_AREA = msiemens / cm**2


@dataclass(frozen=True)
class HodgkinHuxleyParams(NeuronParams):
    """Squid giant axon at 6.3 degrees; potentials are relative to rest."""

    dt: Quantity = param(
        0.01 * ms, "time step of the integration", CHOICE, unit=ms, minimum=1e-6, maximum=0.1, exclusive=True
    )
    c_mem: Quantity = param(
        1 * ufarad / cm**2, "membrane capacitance", PAPER, unit=ufarad / cm**2, minimum=0, exclusive=True
    )
    g_na: Quantity = param(120 * _PER_AREA, "largest sodium conductance", PAPER, unit=_PER_AREA, minimum=0)
    g_k: Quantity = param(36 * _PER_AREA, "largest potassium conductance", PAPER, unit=_PER_AREA, minimum=0)
    g_leak: Quantity = param(0.3 * _PER_AREA, "leak conductance", PAPER, unit=_PER_AREA, minimum=0)
    e_na: Quantity = param(115 * mV, "sodium equilibrium potential", PAPER, unit=mV)
    e_k: Quantity = param(-12 * mV, "potassium equilibrium potential", PAPER, unit=mV)
    e_leak: Quantity = param(10.613 * mV, "leak potential, for no current at rest", PAPER, unit=mV)
    phi: float = param(1.0, "factor of all rates: 3**((temperature - 6.3) / 10)", "page 522", minimum=0, exclusive=True)
    r_alpha_m: Quantity = param(1 / ms, "rate of opening of m at v_alpha_m", RATES, unit=1 / ms, minimum=0)
    v_alpha_m: Quantity = param(25 * mV, "potential of the opening of m", RATES, unit=mV)
    k_alpha_m: Quantity = param(10 * mV, "steepness of the opening of m", RATES, unit=mV, minimum=0, exclusive=True)
    r_beta_m: Quantity = param(4 / ms, "rate of closing of m at rest", RATES, unit=1 / ms, minimum=0)
    k_beta_m: Quantity = param(18 * mV, "steepness of the closing of m", RATES, unit=mV, minimum=0, exclusive=True)
    r_alpha_h: Quantity = param(0.07 / ms, "rate of opening of h at rest", RATES, unit=1 / ms, minimum=0)
    k_alpha_h: Quantity = param(20 * mV, "steepness of the opening of h", RATES, unit=mV, minimum=0, exclusive=True)
    r_beta_h: Quantity = param(1 / ms, "largest rate of closing of h", RATES, unit=1 / ms, minimum=0)
    v_beta_h: Quantity = param(30 * mV, "potential of the closing of h", RATES, unit=mV)
    k_beta_h: Quantity = param(10 * mV, "steepness of the closing of h", RATES, unit=mV, minimum=0, exclusive=True)
    r_alpha_n: Quantity = param(0.1 / ms, "rate of opening of n at v_alpha_n", RATES, unit=1 / ms, minimum=0)
    v_alpha_n: Quantity = param(10 * mV, "potential of the opening of n", RATES, unit=mV)
    k_alpha_n: Quantity = param(10 * mV, "steepness of the opening of n", RATES, unit=mV, minimum=0, exclusive=True)
    r_beta_n: Quantity = param(0.125 / ms, "rate of closing of n at rest", RATES, unit=1 / ms, minimum=0)
    k_beta_n: Quantity = param(80 * mV, "steepness of the closing of n", RATES, unit=mV, minimum=0, exclusive=True)
    v_spike: Quantity = param(50 * mV, "potential above which a spike is counted", CHOICE, unit=mV)


HODGKIN_HUXLEY = Neuron(
    name="hodgkin-huxley",
    summary="squid giant axon: sodium and potassium conductances with gates",
    citation="Hodgkin & Huxley 1952, J. Physiol. 117:500-544, doi:10.1113/jphysiol.1952.sp004764",
    # The paper's 0.1 (25 - v) / (exp((25 - v) / 10) - 1), which is 0 / 0 at v = 25, is 1 / exprel((25 - v) / 10).
    equations="""
        dv/dt = (i_ext - g_na * m**3 * h * (v - e_na) - g_k * n**4 * (v - e_k) - g_leak * (v - e_leak)) / c_mem : volt
        dm/dt = phi * (alpha_m * (1 - m) - beta_m * m) : 1
        dh/dt = phi * (alpha_h * (1 - h) - beta_h * h) : 1
        dn/dt = phi * (alpha_n * (1 - n) - beta_n * n) : 1
        alpha_m = r_alpha_m / exprel((v_alpha_m - v) / k_alpha_m) : Hz
        beta_m = r_beta_m * exp(-v / k_beta_m) : Hz
        alpha_h = r_alpha_h * exp(-v / k_alpha_h) : Hz
        beta_h = r_beta_h / (exp((v_beta_h - v) / k_beta_h) + 1) : Hz
        alpha_n = r_alpha_n / exprel((v_alpha_n - v) / k_alpha_n) : Hz
        beta_n = r_beta_n * exp(-v / k_beta_n) : Hz
        i_ext : amp/meter**2
    """,
    threshold="v > v_spike",
    reset="",
    refractory="v > v_spike",
    params=HodgkinHuxleyParams,
    rest={
        "v": "0*mV",
        "m": "alpha_m / (alpha_m + beta_m)",
        "h": "alpha_h / (alpha_h + beta_h)",
        "n": "alpha_n / (alpha_n + beta_n)",
    },
    input="i_ext",
    current=10.0,
    current_unit=uA / cm**2,
)
