"""Tables of houses, and one model of their prices that all tests share."""

import numpy as np
import pytest

from skensemble.command_line import main
from skensemble.datasets import load_ames

COLUMNS = ["Gr_Liv_Area", "Neighborhood", "Year_Built", "Garage_Cars"]


@pytest.fixture(scope="session")
def houses():
    """300 houses with an identifier and a price."""
    X, y = load_ames(return_X_y=True)
    table = X[COLUMNS].assign(Id=np.arange(len(X)), Sale_Price=y)
    return table.sample(300, random_state=0).reset_index(drop=True)


@pytest.fixture(scope="session")
def folder(houses, tmp_path_factory):
    """Tables in files, and the folder ``model`` of a fit."""
    path = tmp_path_factory.mktemp("houses")
    houses[:200].to_csv(path / "train.csv", index=False)
    houses[200:].drop(columns="Sale_Price").to_csv(path / "test.csv", index=False)
    arguments = [
        *("fit", str(path / "train.csv"), "--target=Sale_Price"),
        *(f"--test={path / 'test.csv'}", "--time-limit=60", "--metric=rmse"),
        *("--preset=small", "--jobs=1", f"--out={path / 'model'}"),
    ]
    assert main(arguments) == 0
    return path


@pytest.fixture
def fit(tmp_path, capsys):
    """Run a quick ``fit`` of a table; returns exit code, output and errors."""

    def run(table, target, *more, **options):
        path = tmp_path / "train.csv"
        if hasattr(table, "to_csv"):
            table.to_csv(path, index=False, **options)
        else:
            path.write_bytes(table)
        out = tmp_path / "out"
        code = main(
            [
                *("fit", str(path), f"--target={target}", f"--out={out}", "--jobs=1"),
                *("--preset=small", "--time-limit=60", "--quiet", *more),
            ]
        )
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run
