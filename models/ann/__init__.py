"""ANNs that the spiking networks are compared with. They have no dynamics: layers come from Equinox."""

from equispike.models.ann.network import ann, initial_state, with_arrays
from equispike.models.ann.params import AnnParams, Lenet5Params, LinearSvmParams, MlpParams, SoftmaxParams
from equispike.models.network import Network

_BEYOND = "units that do not spike"
SOFTMAX = Network(SoftmaxParams, None, initial_state, beyond_nir=_BEYOND)
MLP = Network(MlpParams, None, initial_state, beyond_nir=_BEYOND)
LENET5 = Network(Lenet5Params, None, initial_state, beyond_nir=_BEYOND)
LINEAR_SVM = Network(LinearSvmParams, None, initial_state, beyond_nir=_BEYOND)

__all__ = [
    "LENET5",
    "LINEAR_SVM",
    "MLP",
    "SOFTMAX",
    "AnnParams",
    "Lenet5Params",
    "LinearSvmParams",
    "MlpParams",
    "SoftmaxParams",
    "ann",
    "initial_state",
    "with_arrays",
]
