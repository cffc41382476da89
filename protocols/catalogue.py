"""The catalogue of systems: the only place, but a system's own files, that knows their names."""

from __future__ import annotations

from dataclasses import replace

from equispike.models import own_files
from equispike.models.errors import EquispikeError
from equispike.protocols.system import Headline, System

_NEFTCI = "Neftci, Mostafa & Zenke 2019, IEEE Signal Process. Mag. 36:51-63, doi:10.1109/MSP.2019.2931595"
_LECUN = "LeCun, Bottou, Bengio & Haffner 1998, Proc. IEEE 86:2278-2324, doi:10.1109/5.726791"
_GRADIENTS = "equispike.protocols.procedures.gradients:Gradients"
_ANN = "equispike.protocols.procedures.ann:AnnGradients"
_LAYERED_FIGURES = "equispike.analysis.figures.systems.layered:figures"

SYSTEMS: dict[str, System] = {
    system.name: system
    for system in (
        System(
            name="diehl-cook",
            summary="digits learned without labels by STDP, adaptive thresholds and lateral inhibition",
            citation="Diehl & Cook 2015, Front. Comput. Neurosci. 9:99, doi:10.3389/fncom.2015.00099",
            network="equispike.models.diehl_cook:NETWORK",
            procedure="equispike.protocols.procedures.online:Online",
            figures="equispike.analysis.figures.systems.diehl_cook:figures",
            headline=Headline(0.95, "mnist", "6 400 neurons", "abstract and section 3"),
            small={"n_exc": 16, "t_present": "20*ms", "n_spikes_min": 0},
        ),
        System(
            name="conv-stdp",
            summary="difference-of-Gaussians input and convolutional layers that learn by STDP, one after the other",
            citation="Kheradpisheh et al. 2018, Neural Networks 99:56-67, doi:10.1016/j.neunet.2017.12.005",
            network="equispike.models.conv_stdp:NETWORK",
            procedure="equispike.protocols.procedures.layerwise:Layerwise",
            figures="equispike.analysis.figures.systems.conv_stdp:figures",
            headline=Headline(0.984, "mnist", "30 and 100 maps", "abstract, as reviews quote it"),
            small={"n_bins": 5, "conv1.maps": 3, "conv2.maps": 4, "conv1.padding": 0, "conv2.padding": 0},
        ),
        System(
            name="spiking-mlp",
            summary="fully connected layers of spiking neurons, trained by surrogate gradients",
            citation=_NEFTCI,
            network="equispike.models.layered:SPIKING_MLP",
            procedure=_GRADIENTS,
            figures=_LAYERED_FIGURES,
            small={"layers": "784,20,10", "n_steps": 6},
        ),
        System(
            name="spiking-cnn",
            summary="convolutional layers of spiking neurons, trained by surrogate gradients",
            citation=_NEFTCI,
            network="equispike.models.layered:SPIKING_CNN",
            procedure=_GRADIENTS,
            training={"learning_rate": 1e-2, "epochs": 12, "shift": 1},
            figures=_LAYERED_FIGURES,
            small={"layers": "28x28,3C5S4,10"},
        ),
        System(
            name="spiking-rnn",
            summary="a recurrent layer with adapting neurons that sees images row by row, trained by surrogate gradients",
            citation="Bellec et al. 2018, NeurIPS 31, arXiv:1803.09574",
            network="equispike.models.layered:SPIKING_RNN",
            procedure=_GRADIENTS,
            training={"learning_rate": 1e-2, "epochs": 15, "shift": 1},
            small={"layers": "28,16,10"},
        ),
        System(
            name="lif-readout",
            summary="spiking neurons, one per class, trained by surrogate gradients on features of another run",
            citation=_NEFTCI,
            network="equispike.models.layered:LIF_READOUT",
            procedure=_GRADIENTS,
            training={"beta": 2.0, "learning_rate": 1e-3, "dropout": 0.1, "epochs": 20, "shift": 0},
            small={},
        ),
        System(
            name="softmax",
            summary="ANN: softmax regression on pixels",
            citation=_LECUN,
            network="equispike.models.ann:SOFTMAX",
            procedure=_ANN,
            training={"epochs": 20, "shift": 0},
        ),
        System(
            name="mlp",
            summary="ANN: fully connected layers of rectified linear units",
            citation=_LECUN,
            network="equispike.models.ann:MLP",
            procedure=_ANN,
            small={"layers": "784,20,10"},
        ),
        System(
            name="lenet5",
            summary="ANN: LeNet-5 with rectified linear units",
            citation=_LECUN,
            network="equispike.models.ann:LENET5",
            procedure=_ANN,
            training={"learning_rate": 5e-3, "epochs": 15, "shift": 1},
            headline=Headline(0.9905, "mnist", "without distortions", "section III-C, from memory"),
        ),
        System(
            name="linear-svm",
            summary="linear support vector machines on pixels",
            citation=_LECUN,
            network="equispike.models.ann:LINEAR_SVM",
            procedure="equispike.protocols.procedures.ann:SvmFit",
        ),
    )
}


def get_system(name: str) -> System:
    """Return the system of that name, or of ``PATH.py:NAME``; raises EquispikeError naming the ones there are."""
    if own_files.is_own(name):
        reference = own_files.absolute(name)
        return replace(own_files.load(reference, System), name=reference)
    if name not in SYSTEMS:
        raise EquispikeError(
            f"unknown system '{name}'; the systems are: {', '.join(SYSTEMS)}, or PATH.py:NAME of your own"
        )
    return SYSTEMS[name]
