"""The squid's giant axon under space clamp: Hodgkin and Huxley's four equations."""

from __future__ import annotations

from dataclasses import dataclass

from brian2 import Quantity, cm, ms, msiemens, mV, uA, ufarad

from models.neurons.base import CHOICE, Neuron, NeuronParams
from models.params import param

PAPER = "Hodgkin & Huxley 1952, J. Physiol. 117:500-544, table 3"
RATES = "Hodgkin & Huxley 1952, equations 12, 13, 20, 21, 23, 24; depolarisation positive"
_PER_AREA = msiemens / cm**2


@dataclass(frozen=True)
class HodgkinHuxleyParams(NeuronParams):
    """Squid giant axon at 6.3 degrees; potentials are relative to rest."""

    dt: Quantity = param(
        0.01 * ms, "time step of the integration", CHOICE, unit=ms, minimum=0, maximum=0.1, exclusive=True
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
    v_spike: Quantity = param(50 * mV, "potential above which a spike is counted", CHOICE, unit=mV)


HODGKIN_HUXLEY = Neuron(
    name="hodgkin-huxley",
    summary="squid giant axon: sodium and potassium conductances with gates",
    citation="Hodgkin & Huxley 1952, J. Physiol. 117:500-544, doi:10.1113/jphysiol.1952.sp004764",
    # x / (exp(x) - 1) is 1 / exprel(x), which is also right where x is 0. The numbers 25, 10, ... mV are the paper's rate
    # functions themselves, not parameters of a cell.
    equations="""
        dv/dt = (i_ext - g_na * m**3 * h * (v - e_na) - g_k * n**4 * (v - e_k) - g_leak * (v - e_leak)) / c_mem : volt
        dm/dt = phi * (alpha_m * (1 - m) - beta_m * m) : 1
        dh/dt = phi * (alpha_h * (1 - h) - beta_h * h) : 1
        dn/dt = phi * (alpha_n * (1 - n) - beta_n * n) : 1
        alpha_m = 1 / exprel((25*mV - v) / (10*mV)) / ms : Hz
        beta_m = 4 * exp(-v / (18*mV)) / ms : Hz
        alpha_h = 0.07 * exp(-v / (20*mV)) / ms : Hz
        beta_h = 1 / (exp((30*mV - v) / (10*mV)) + 1) / ms : Hz
        alpha_n = 0.1 / exprel((10*mV - v) / (10*mV)) / ms : Hz
        beta_n = 0.125 * exp(-v / (80*mV)) / ms : Hz
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
