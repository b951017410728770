"""Keywords of nep.in and gnep.in (GPUMD: src/main_nep/parameters.cu, src/main_gnep/parameters.cu)."""

from __future__ import annotations

from nepkit.inputs.keywords import Argument, Form, Keyword
from nepkit.inputs.run_arguments import FILE, integer, number

LARGEST_ANGULAR_DIMENSION = 90
"""Angular descriptors that GPUMD and neppo have room for."""
LARGEST_DIMENSION = 103
"""Descriptors that GPUMD has room for."""
MOST_TYPES = 94

SWITCH = integer("value", 0, 1)


def _one(
    name: str, meaning: str, argument: Argument, default: str, *, section: str = "training", since: str = ""
) -> Keyword:
    return Keyword(name, meaning, (Form((argument,)),), section, default=default, since=since)


def _weight(name: str, meaning: str, default: str, since: str = "") -> Keyword:
    return _one(name, meaning, number("weight", "", 0), default, section="loss", since=since)


MODEL = (
    Keyword(
        "type",
        "How many elements, and which; first of all.",
        (Form((integer("number", 1, MOST_TYPES),), tail=(Argument("element", "element"),), repeats=(1, MOST_TYPES)),),
        "model",
    ),
    _one("version", "Version of the NEP.", integer("version", 4, 4), "4", section="model"),
    _one(
        "model_type",
        "0 potential, 1 dipole, 2 polarizability, 3 temperature dependent.",
        integer("type", 0, 3),
        "0",
        section="model",
    ),
    _one("mode", "The same as model_type.", integer("type", 0, 3), "0", section="model"),
    Keyword(
        "charge_mode",
        "0 without charges, 1 or 2 for a qNEP; then 1 flips the sign of charges on a restart.",
        (Form((integer("mode", 0, 2), integer("flip", 0, 1)), needed=1),),
        "model",
        default="0",
    ),
    _one("vdw", "1 for a van der Waals head (trainer only).", SWITCH, "0", section="model", since="2026"),
    _one("charge_vdw", "1 for charges and van der Waals (trainer only).", SWITCH, "0", section="model", since="2026"),
    Keyword(
        "cutoff",
        "Radial and angular cutoff, or such a pair per element.",
        (Form(tail=(number("radial", "A", 3, 100), number("angular", "A", 3, 100)), repeats=(1, MOST_TYPES)),),
        "model",
        default="8 4",
    ),
    Keyword(
        "n_max",
        "Largest index of the radial and angular functions.",
        (Form((integer("radial", 0, 12), integer("angular", 0, 8))),),
        "model",
        default="6 6",
    ),
    Keyword(
        "basis_size",
        "Largest index of their bases.",
        (Form((integer("radial", 0, 16), integer("angular", 0, 12))),),
        "model",
        default="6 6",
    ),
    Keyword(
        "l_max",
        "Largest l, followed by flags of the invariants 222 1111 112 123 233 134.",
        (Form((integer("l", 2, 8), *(integer(name, 0) for name in ("222", "1111", "112", "123", "233", "134"))), 1),),
        "model",
        default="4 1 0 0 0 0 0",
    ),
    Keyword(
        "neuron",
        "Width of the hidden layer; a second one for two layers.",
        (Form((integer("first", 1, 120), integer("second", 0, 120)), needed=1),),
        "model",
        default="30",
    ),
    _one("zbl", "Outer cutoff of the ZBL repulsion.", number("cutoff", "A", 1, 4), "off", section="model"),
    Keyword(
        "use_typewise_cutoff_zbl",
        "Shorter ZBL cutoffs by the covalent radii.",
        (Form((number("factor", "", 0.5),), needed=0),),
        "model",
        default="off, 0.7",
    ),
)

LOSS = (
    _weight("lambda_1", "Weight of the L1 regularisation.", "sqrt(1e-6 parameters / types)"),
    _weight("lambda_2", "Weight of the L2 regularisation.", "sqrt(1e-6 parameters / types)"),
    _weight("lambda_e", "Weight of the energy.", "1"),
    _weight("lambda_f", "Weight of the forces.", "1"),
    _weight("lambda_v", "Weight of the virial.", "0.1"),
    _weight("lambda_shear", "Extra weight of shear virials.", "1"),
    _weight("lambda_q", "Weight of the total charge (qNEP).", "0.1"),
    _weight("lambda_z", "Weight of Born effective charges (qNEP).", "0.5"),
    _weight("lambda_d", "Weight of energy differences listed in ediff.in.", "0", since="2026"),
    _one("loss_mode", "0 root mean squares, 1 scaled mean squares.", SWITCH, "0", section="loss", since="2026"),
    *(
        _one(f"sigma_{name}", f"Scale of the {what} (loss_mode 1).", number("scale", unit, 0, above=True), default,
             section="loss", since="2026")
        for name, what, unit, default in (
            ("e", "energy", "eV/atom", "0.001"),
            ("f", "forces", "eV/A", ""),
            ("s", "stress", "GPa", ""),
            ("L1", "L1 term", "", ""),
            ("L2", "L2 term", "", ""),
        )
    ),
    Keyword(
        "type_weight",
        "Weight of the forces on every element.",
        (Form(tail=(number("weight", "", 0),), repeats=(1, MOST_TYPES)),),
        "loss",
        default="1 ...",
    ),
    _one("force_delta", "Makes small forces more accurate.", number("delta", "eV/A"), "0", section="loss"),
    _one("atomic_v", "Fits atomic dipoles or polarizabilities.", SWITCH, "0", section="loss"),
)  # fmt: skip

TRAINING = (
    Keyword(
        "batch",
        "Frames per generation; then 1 makes it act like a full batch.",
        (Form((integer("frames", 1), SWITCH), needed=1),),
        "training",
        default="1000",
    ),
    _one("population", "Population of the evolution strategy.", integer("size", 10, 200), "50"),
    _one("generation", "Number of generations.", integer("generations", 0, 10**7), "100000"),
    _one("initial_para", "Spread of the first parameters.", number("spread", "", 0.1, 1), "1"),
    _one("sigma0", "First width of the search.", number("sigma", "", 0.01, 0.1), "0.1"),
    _one("seed", "Seed of the random number generator.", integer("seed", 0), "from the clock", since="2026"),
    Keyword(
        "fine_tune",
        "Starts from a foundation model and its restart file.",
        (Form((FILE, Argument("restart", "file"), SWITCH), needed=2),),
        "training",
    ),
    _one("import_q_scaler", "Takes the scale of the descriptors from nep.txt.", SWITCH, "0"),
    _one("prediction", "1 predicts train.xyz with nep.txt.", SWITCH, "0"),
    _one("output_descriptor", "1 per frame, 2 per atom (prediction).", integer("value", 0, 2), "0"),
    Keyword(
        "save_potential",
        "Generations between kept models, 1 for names by date, 1 with restart.",
        (Form((integer("interval", 0), integer("format", 0, 1), integer("restart", 0, 1))),),
        "training",
        default="100000 1 0",
    ),
    _one("output_interval", "Generations between rows of loss.out.", integer("interval", 1), "100"),
)

REMOVED = (
    Keyword("use_typewise_cutoff", "Typewise cutoffs.", removed="cutoff <radial> <angular> once per element"),
    Keyword("checkpoint", "Kept models.", removed="save_potential <interval> <format> <restart>"),
    Keyword("train_mode", "Type of the model.", removed="model_type <type>"),
    Keyword("enable_zbl", "ZBL repulsion.", removed="zbl <cutoff>"),
)

NEPPO = (
    Keyword("optimizer", "Optimiser of neppo.", (Form(tail=(Argument("word", "word"),), repeats=(1, 9)),), "neppo"),
    Keyword(
        "learning_rate",
        "First and last learning rate of neppo.",
        (Form(tail=(number("rate", "", 0),), repeats=(1, 9)),),
        "neppo",
    ),
)

_TRAINED = ("prediction", "type", "cutoff", "n_max", "basis_size", "neuron", "lambda_e", "lambda_f", "lambda_v")
_SHARED = (*_TRAINED, "lambda_shear", "type_weight", "force_delta", "use_typewise_cutoff_zbl", "output_descriptor")

NEP_KEYWORDS: dict[str, Keyword] = {item.name: item for item in (*MODEL, *LOSS, *TRAINING, *REMOVED, *NEPPO)}
"""Every keyword of nep.in by name; those of neppo too, which reads the same file."""

GNEP_KEYWORDS: dict[str, Keyword] = {
    **{name: NEP_KEYWORDS[name] for name in _SHARED},
    **{
        item.name: item
        for item in (
            Keyword("l_max", "Largest l.", (Form((integer("l", 2, 8), integer("222", 0, 0)), 1),), default="4"),
            _one("batch", "Frames per step.", integer("frames", 1), "2"),
            _one("epoch", "Times through the frames.", integer("epochs", 0), "50"),
            _one("weight_decay", "Weight decay of the optimiser.", number("decay", "", 0), ""),
            _one("start_lr", "First learning rate.", number("rate", "", 0, above=True), "0.001"),
            _one("stop_lr", "Last learning rate.", number("rate", "", 0), "1e-7"),
            _one("zbl", "Outer cutoff of the ZBL repulsion.", number("cutoff", "A", 0, 2.5), "off"),
            _one("energy_shift", "Whether energies are shifted.", SWITCH, "0"),
            Keyword("lr_cos_restart", "Restarts of the learning rate.",
                    (Form(tail=(Argument("word", "word"),), repeats=(1, 9)),)),
        )
    },
}  # fmt: skip
"""Every keyword of gnep.in by name."""
