"""Units that are UCUM, units that only look like it."""

import pytest

from schemas.cda.terms.ucum import DEEPEST, LONGEST, is_unit

UNITS = """
    % /mL /min /uL 10*12/L 10*9/L 10^6/L 10* 30009000 1/min Cel J MBq U/L kU/L ukat/L [IU]/L m[IU]/L
    [arb'U]/mL [CFU]/mL [anti'Xa'U]/mL mmol/L mmol/mol umol/(24.h) mg/(24.h) mL/min/{1.73_m2}
    10*3{cells}/uL {ratio} {drink}/d {times}/wk kg/m2 kg.m-2 s-1 m+2 mm[Hg] m[H2O] mGy.cm meq/L
    mosm/kg [pH] deg [degF] dB B[SPL] B[10.nV] a mo wk (g/L)/(mol/s) [ppm] dag %[slope] Mibit
"""
OTHERS = """
    mgs/litre ZZ mmHg UI/L µmol/L °C MMOL/L mmol/ //L /.m m. . - 2m+ (m m) ( ) () {open open} m{
    {a{b}} [zz] [IU 10** gL mL/mn da 10*x ml/mn/1,73m² comprimé
"""


@pytest.mark.parametrize("unit", UNITS.split())
def test_a_ucum_unit(unit: str) -> None:
    assert is_unit(unit)


@pytest.mark.parametrize("unit", [*OTHERS.split(), "", " ", "mg /L", "mg/L ", "{é}"])
def test_not_a_ucum_unit(unit: str) -> None:
    assert not is_unit(unit)


def test_hostile_units_are_refused_at_once() -> None:
    assert not is_unit("m." * LONGEST + "m")
    assert not is_unit("(" * (DEEPEST + 2) + "m" + ")" * (DEEPEST + 2))
    assert is_unit("(" * 3 + "m" + ")" * 3)
