import numpy as np
import pytest
from ase import Atoms

from nepkit.core.errors import InputError, UnknownNameError
from nepkit.transport.hydroxide.analysis import hydroxide
from nepkit.transport.hydroxide.current import formal_charges
from nepkit.transport.hydroxide.identity import find_hops, identify
from nepkit.transport.hydroxide.protonation import ATTACKED, ELSEWHERE, EXTRA, protonation
from nepkit.transport.mechanism.motion import motion_of
from nepkit.transport.mechanism.rates import event_rate
from nepkit.transport.mechanism.stays import without_rattling
from tests.water_chains import SPACING, chains

RATE, SLIDE = 0.2, 0.05


@pytest.fixture(scope="module")
def grotthuss():
    """Eight ions in chains, in a breathing triclinic cell, with rattling and sliding chains."""
    made = chains(3, rate=RATE, rattle=0.5, slide=SLIDE, breathe=0.003, count=8, frames=1500, noise=0.01)
    return made, motion_of(made.frames)


@pytest.fixture(scope="module")
def studied(grotthuss):
    return hydroxide(grotthuss[1], persistence=0.15, temperature=300.0)


def test_every_hop_of_a_grotthuss_chain_is_found(grotthuss):
    made, motion = grotthuss
    protons = protonation(motion)
    ions = identify(motion, protons)
    assert protons.ion == "OH"
    assert not protons.flags
    raw = find_hops(motion, protons, ions, 0.0)
    assert raw.raw == made.changes
    # Steps along the chains, in the order of the ions, each in its own chain.
    for chain, hops in enumerate(made.hops):
        first_oxygen = np.flatnonzero(protons.oxygen // (len(motion.symbols) // 8) == chain)
        ion = int(np.flatnonzero(np.isin(ions.host[0], first_oxygen))[0])
        assert np.isin(ions.host[:, ion], first_oxygen).all()
        walked = sum(step for _, step in hops) * SPACING
        assert ions.structural[-1, ion, 0] == pytest.approx(walked, abs=SPACING + 1.0)  # a rattle may be open


def test_the_hop_rate_is_found_without_the_rattling(studied):
    assert abs(studied.rate.value - RATE) < 3 * studied.rate.error
    assert studied.rate.error < 0.1 * RATE
    assert studied.raw_rate.value > 4 * RATE
    assert studied.length.value == pytest.approx(SPACING, abs=0.02)
    assert abs(studied.settled.lifetime.value - 1 / RATE) < 3 * studied.settled.lifetime.error
    onward, back = studied.hops.forward_share
    assert abs(onward - back) < 3 * np.sqrt(onward + back)  # the walk has no memory


def test_the_motion_is_split_into_what_was_put_in(studied):
    parts = studied.split.D
    truth = {"vehicular": SLIDE / 3 * 7 / 8, "structural": RATE * SPACING**2 / 6, "cross": 0.0}  # A^2/ps
    for name, value in truth.items():
        assert abs(1e4 * parts[name].value - value) < 3.5e4 * parts[name].error, name
    assert parts["total"].value == pytest.approx(sum(parts[name].value for name in truth))
    assert parts["structural"].error < 0.3 * parts["structural"].value
    values = studied.split.values
    np.testing.assert_allclose(values["total"], values["vehicular"] + values["structural"] + values["cross"])


def test_the_dipole_of_formal_charges_agrees_with_the_assigned_ions(studied):
    found = studied.currents
    assert found.net_charge == 0.0
    assert found.correlation > 0.97
    assert abs(found.formal.value - found.assigned.value) < found.formal.error


def test_bonds_and_transfer_coordinate_of_the_ions(studied):
    around = studied.surroundings
    assert around.accepted.value == 2.0  # from both neighbours in the chain
    assert around.donated.value == 0.0  # its hydrogen points between the chains
    assert around.accepted_share.tolist() == [0.0, 0.0, 1.0]
    assert np.median(around.delta) == pytest.approx(SPACING - 2 * 0.98, abs=0.06)


def test_excess_protons_are_followed_too():
    made = chains(5, excess=1, frames=800, count=6)
    found = hydroxide(motion_of(made.frames), persistence=0.0, temperature=300.0)
    assert found.protons.ion == "H3O"
    assert len(found.hops.frame) == sum(len(chain) for chain in made.hops)
    assert found.surroundings.donated.value == 2.0
    assert found.currents.net_charge == 0.0
    assert found.currents.correlation > 0.9


@pytest.mark.parametrize(
    ("series", "least", "expected"),
    [
        ("AAAABAAA", 2, "AAAAAAAA"),
        ("AAAABAAA", 1, "AAAABAAA"),
        ("AAABCCCC", 2, "AAABCCCC"),  # it goes on, so the short stay counts
        ("AAABCBAA", 4, "AAAAAAAA"),  # nested
        ("AAABBBBA", 4, "AAABBBBA"),
        ("AAAAAAAB", 5, "AAAAAAAB"),  # the end is not known
        ("ABABABAB", 2, "AAAAAAAB"),
    ],
)
def test_rattling_is_removed_and_nothing_else(series, least, expected):
    names = np.array([ord(letter) for letter in series])
    assert "".join(map(chr, without_rattling(names, least))) == expected


def test_the_error_of_a_rate_covers_the_truth():
    rng = np.random.default_rng(0)
    inside, z = 0, []
    for _ in range(300):
        frames = np.flatnonzero(rng.random(1000) < 0.02) + 1
        found = event_rate(frames, 1001, 0.1, 2)
        inside += found.low < 0.1 < found.high
        z.append((found.value - 0.1) / found.error)
    assert inside / 300 == pytest.approx(0.95, abs=0.04)
    assert np.std(z) == pytest.approx(1.0, abs=0.2)
    assert event_rate(np.zeros(0, dtype=int), 1001, 0.1, 1).high == pytest.approx(3.69 / 100, rel=0.01)


def molecule(name, at):
    """Water, hydroxide or oxonium of fixed shape."""
    arms = [[0.96, 0, 0], [-0.24, 0.93, 0], [-0.24, -0.5, 0.8]]
    return [("O", at)] + [("H", np.add(at, arms[k])) for k in range({"OH": 1, "H2O": 2, "H3O": 3}[name])]


def frames_of(*snapshots, cell=12.0):
    frames = []
    for number, parts in enumerate(snapshots):
        symbols, places = zip(*parts, strict=True)
        frames.append(Atoms(symbols, positions=places, cell=[cell] * 3, pbc=True, info={"Time": 10.0 * number}))
    return motion_of(frames)


def test_carbon_and_nitrogen_keep_their_hydrogens_and_odd_frames_are_named():
    methanol = [("C", [8.0, 8, 8]), ("H", [8, 9.09, 8]), ("O", [9.42, 8, 8]), ("H", [9.8, 8.9, 8])]
    amine = [("N", [5.0, 8, 8]), ("H", [5.0, 9.0, 8])]
    water = [*molecule("H2O", [3, 3, 3]), *molecule("OH", [6.5, 3, 3])]
    calm = [*methanol, *amine, *water]
    swapped = [*calm[:-2], ("O", [6.5, 3, 3]), ("H", [5.0, 7.0, 8])]  # the proton of OH- has gone to N
    attack = [*calm[:-2], ("O", [8, 8, 6.55]), ("H", [8, 8, 5.6])]
    protons = protonation(frames_of(calm, calm, swapped, attack, calm))
    assert len(protons.oxygen) == 2  # not that of the alcohol
    assert len(protons.hydrogen) == 3
    assert protons.excess == -1
    assert protons.flags[ELSEWHERE].tolist() == [2]
    assert protons.flags[ATTACKED].tolist() == [3]
    assert 2 in protons.flagged


def test_formal_charges_of_a_membrane():
    polymer = [("C", [8.0, 8, 8]), ("F", [8, 9.35, 8]), ("N", [9.47, 8, 8]), ("H", [9.8, 8.9, 8])]
    salt = [("K", [2.0, 9, 9]), ("Cl", [2.0, 6.0, 9])]
    water = [*molecule("H2O", [3, 3, 3]), *molecule("OH", [6.5, 3, 3])]
    motion = frames_of([*polymer, *salt, *water], [*polymer, *salt, *water])
    protons = protonation(motion)
    charges = formal_charges(motion, protons, {"N": 1.0})
    assert charges.tolist() == [0, 0, 1, 0, 1, -1, -2, 1, 1, -2, 1]
    with pytest.raises(UnknownNameError, match="no P to have a charge"):
        formal_charges(motion, protons, {"P": 1.0})


def test_pairs_of_ions_that_come_and_go_do_not_steal_the_identity():
    def snapshot(*kinds):
        return [atom for kind, x in zip(kinds, (1.0, 4.0, 7.0), strict=True) for atom in molecule(kind, [x, 3, 3])]

    # Atoms keep their order: three oxygens, and five hydrogens shared in one frame as OH-, H3O+ and OH-.
    calm, torn = snapshot("H2O", "H2O", "OH"), snapshot("OH", "H3O", "OH")
    motion = frames_of(*[sorted(part, key=lambda atom: atom[0]) for part in (calm, torn, calm)])
    protons = protonation(motion)
    assert protons.flags[EXTRA].tolist() == [1]
    ions = identify(motion, protons)
    assert (ions.host == ions.host[0, 0]).all()


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([("O", [1, 1, 1]), ("K", [5, 5, 5])], "no H, so no hydroxide"),
        ([("H", [1, 1, 1]), ("K", [5, 5, 5])], "no O, so no hydroxide"),
        ([("O", [1, 1, 1]), ("C", [5, 5, 5]), ("H", [5, 6, 5])], "no hydrogen is on an oxygen of water"),
        (molecule("H2O", [3, 3, 3]), "2 hydrogens for 1 oxygens is neutral water"),
    ],
)
def test_bad_input_gets_one_line(parts, message):
    with pytest.raises(InputError, match=message):
        hydroxide(frames_of(parts, parts))


def test_a_run_too_short_for_a_coefficient_gives_the_displacements_and_says_why():
    made = chains(2, frames=12)
    found = hydroxide(motion_of(made.frames))
    assert not found.split.D
    assert found.split.why_no_D
    assert found.currents is None
    assert len(found.split.values["total"])
