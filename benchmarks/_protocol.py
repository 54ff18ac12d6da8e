"""The protocol of ``../shared/compare``: one split a table, the error of its task."""

import json
import pickle
import sys
import time
from pathlib import Path
from typing import Any

FOLDER = Path("../shared/compare")
DATA = Path("../shared/data")
# Runs of other systems, a JSON line each.
MEASURED = (FOLDER, Path("benchmarks/measured"))


def rules() -> Any:
    """Import the protocol."""
    if not (FOLDER / "protocol.py").exists():
        sys.exit(f"The protocol is not in {FOLDER.resolve()}: nothing to compare.")
    sys.path.insert(0, str(FOLDER.resolve()))
    import protocol

    return protocol


def tables(names: str | None):
    """Names and tasks of the core tables, or of those named."""
    entries = json.loads((DATA / "index.json").read_text())
    wanted = names.split(",") if names else None
    for entry in entries:
        if entry["name"] in wanted if wanted else entry.get("core"):
            yield entry["name"], entry["task"]


def run(name: str, model: Any, task: str) -> dict[str, Any]:
    """Fit, predict and weigh a model on a table."""
    protocol = rules()
    _, X, X_new, y, y_new = protocol.load(name, data=DATA)
    start = time.perf_counter()
    model.fit(X, y)
    fitted = time.perf_counter()
    numbers = task == "regression"
    said = model.predict(X_new) if numbers else model.predict_proba(X_new)
    predicted = time.perf_counter()
    classes = None if numbers else list(model.classes_)
    return {
        "error": float(protocol.error(task, y_new, said, classes)),
        "fit_s": round(fitted - start, 1),
        "predict_s": round(predicted - fitted, 2),
        "pickle_mb": round(len(pickle.dumps(model)) / 1e6, 1),
    }


def measured() -> dict[str, dict[str, dict[str, Any]]]:
    """Results of other systems: by system, then by table; the last run counts."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for folder in MEASURED:
        for path in sorted(folder.glob("*.jsonl")):
            for line in path.read_text().splitlines():
                entry = json.loads(line)
                found.setdefault(entry["system"], {})[entry["name"]] = entry
    return found


def keep(entry: dict[str, Any], path: Path | None) -> None:
    """Print a result, and append it to a file of JSON lines."""
    print(json.dumps(entry), flush=True)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            file.write(json.dumps(entry) + "\n")
