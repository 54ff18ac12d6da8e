"""New rows with the columns of the training table, and the table of predictions."""

from typing import Any

import pandas as pd
from pandas.api import types

from skensemble.command_line._model_folder import ColumnRoles
from skensemble.command_line._usage_errors import UsageError
from skensemble.command_line._warning_display import report
from skensemble.core import nearest
from skensemble.tables import number_column

_SHOWN = 5


def matched_rows(
    rows: pd.DataFrame, features: list[str], roles: ColumnRoles, shown: str
) -> pd.DataFrame:
    """Return the features of new rows, with the types of the training table.

    Parameters
    ----------
    rows : pandas.DataFrame
        The new rows.
    features : list of str
        The features of the model.
    roles : ColumnRoles
        The types of the features in the training table.
    shown : str
        The name of the table in messages.

    Raises
    ------
    UsageError
        If columns are missing, or a column of numbers holds text.
    """
    missing = [name for name in features if name not in rows.columns]
    if missing:
        near = nearest(missing[0], list(map(str, rows.columns)))
        shown_names = ", ".join(map(repr, missing[:_SHOWN]))
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        raise UsageError(
            f"{shown} lacks columns of the training table: {shown_names}{more}.{near}"
        )
    X = rows[features]
    numbers = {
        name: _as_numbers(X[name], shown, roles.decimal)
        for name in roles.numbers
        if name in X and not types.is_numeric_dtype(X[name])
    }
    return X.assign(**numbers) if numbers else X


def _as_numbers(values: pd.Series, shown: str, decimal: str | None) -> Any:
    """Read texts as numbers, as in the training table, or refuse them."""
    if values.isna().all():
        return values.astype(float)
    if types.is_datetime64_any_dtype(values) or types.is_timedelta64_dtype(values):
        raise UsageError(
            f"{shown}: the column {values.name!r} holds times, but numbers in the training "
            "table; use the same type in both tables."
        )
    texts = values.astype("str")
    numbers = number_column(texts, decimal=decimal)
    if numbers is not None:
        return numbers
    bad = next(
        row
        for row, text in enumerate(texts)
        if not pd.isna(text)
        and number_column(texts.iloc[[row]], decimal=decimal) is None
    )
    raise UsageError(
        f"{shown}: row {bad + 1} of the column {values.name!r} is {texts.iloc[bad]!r}, but "
        f"the column holds numbers in the training table; "
        f"{_correction(texts.iloc[bad], decimal)}."
    )


def _correction(text: str, decimal: str | None) -> str:
    """Say how a cell of a column of numbers is corrected."""
    for mark in {".", ","} - {decimal}:
        if number_column(pd.Series([text]), decimal=mark) is not None:
            return (
                f"numbers of the training table have the decimal mark {decimal!r}: use "
                f"predict with --decimal {mark} if it is the decimal mark of this table, "
                "or correct the value"
            )
    return (
        f"correct the value, or use --missing {text!r} if it stands for a missing value"
    )


def report_unused(
    rows: pd.DataFrame, X: pd.DataFrame, known: set[str | None], shown: str
) -> None:
    """Name the columns of new rows that are neither features nor otherwise known."""
    unused = [name for name in rows.columns if name not in X and name not in known]
    if unused:
        names = ", ".join(map(repr, unused[:_SHOWN]))
        more = f" and {len(unused) - _SHOWN} more" if len(unused) > _SHOWN else ""
        report(f"{shown}: the model does not use the columns {names}{more}.")


def prediction_table(
    model: Any, X: pd.DataFrame, ids: pd.Series | None, target: str, proba: bool
) -> pd.DataFrame:
    """Return the predictions after the identifiers, as a competition submission.

    Parameters
    ----------
    model : estimator
        The fitted model.
    X : pandas.DataFrame
        Its features.
    ids : pandas.Series or None
        Identifiers of the rows.
    target : str
        Name of the target.
    proba : bool
        Whether probabilities are predicted: of the second of two classes, or one column
        per class.
    """
    front: dict[Any, Any] = {} if ids is None else {ids.name: ids.to_numpy()}
    if not proba:
        return pd.DataFrame({**front, target: model.predict(X)})
    p = model.predict_proba(X)
    if p.shape[1] == 2:
        report(f"Probabilities are those of {target!r} = {model.classes_[1]}.")
        return pd.DataFrame({**front, target: p[:, 1]})
    columns = {f"{target}_{label}": p[:, k] for k, label in enumerate(model.classes_)}
    return pd.DataFrame({**front, **columns})


def check_proba(is_classifier: bool) -> None:
    """Refuse probabilities of a regression."""
    if not is_classifier:
        raise UsageError(
            "--proba needs classes, but the task is regression; omit --proba, or fit with "
            "--task classification."
        )
