"""CatBoost: its scikit-learn classes in pickles, and its own formats."""

from __future__ import annotations

import os
import tempfile

import pandas as pd

import data
from tables import COUNTS, GAP_ROWS, GAPS, REAL_ROWS, ROWS, R, T, X

SMALL = {"iterations": 6, "depth": 3, "thread_count": 1, "random_seed": 0, "verbose": False, "allow_writing_files": False}


def cases(w) -> None:
    try:
        import catboost as cat
    except ImportError:
        return
    for labels in ("int", "text", "bool"):
        w.add(f"cat_{labels}", lambda n=labels: cat.CatBoostClassifier(**SMALL).fit(X, data.classes(X, 2, n)), ROWS)
        if labels != "bool":
            w.add(f"cat_three_{labels}", lambda n=labels: cat.CatBoostClassifier(**SMALL).fit(X, data.classes(X, 3, n)), ROWS)
    for name, options in {
        "gaps": {}, "gaps_max": {"nan_mode": "Max"}, "cross_entropy": {"loss_function": "CrossEntropy"}, "few_borders": {"border_count": 4},
        "lossguide": {"grow_policy": "Lossguide"}, "depthwise": {"grow_policy": "Depthwise"},
    }.items():  # fmt: skip
        o = {**SMALL, **options}
        w.add(f"cat_{name}", lambda o=o: cat.CatBoostClassifier(**o).fit(GAPS, data.classes(GAPS)), GAP_ROWS)
    w.add(
        "cat_three_ova",
        lambda: cat.CatBoostClassifier(**SMALL, loss_function="MultiClassOneVsAll").fit(X, data.classes(X, 3)),
        ROWS,
    )
    w.add("cat_f32_rows", lambda: cat.CatBoostClassifier(**SMALL).fit(R, data.classes(R)), data.single(REAL_ROWS))
    w.add("cat_no_gaps", lambda: cat.CatBoostClassifier(**SMALL).fit(R, data.classes(R)), REAL_ROWS)
    names = ["a", "b", "c", "d d", "é"]
    w.add("cat_columns", lambda: cat.CatBoostClassifier(**SMALL).fit(pd.DataFrame(GAPS, columns=names), data.classes(GAPS, 2, "text")),
          dict(zip(names, GAP_ROWS.T.copy())))  # fmt: skip
    for loss, y in {"RMSE": T, "MAE": T, "Quantile:alpha=0.3": T, "Poisson": COUNTS, "Tweedie:variance_power=1.5": COUNTS,
                    "LogCosh": T, "MAPE": COUNTS + 1, "Huber:delta=1": T}.items():  # fmt: skip
        w.add(
            f"cat_regressor_{loss.partition(':')[0]}",
            lambda n=loss, y=y: cat.CatBoostRegressor(**SMALL, loss_function=n).fit(X, y),
            ROWS,
        )
    w.add(
        "cat_regressor_several", lambda: cat.CatBoostRegressor(**SMALL, loss_function="MultiRMSE").fit(X, data.several(X)), ROWS
    )
    own(w, cat)


def own(w, cat) -> None:
    """A file that tells class labels is loaded as a classifier, any other as a regressor."""
    for name, build in {
        "binary": lambda: cat.CatBoostClassifier(**SMALL).fit(GAPS, data.classes(GAPS)),
        "three": lambda: cat.CatBoostClassifier(**SMALL).fit(GAPS, data.classes(GAPS, 3)),
        "regression": lambda: cat.CatBoostRegressor(**SMALL).fit(GAPS, data.target(GAPS)),
        "poisson": lambda: cat.CatBoostRegressor(**SMALL, loss_function="Poisson").fit(X, COUNTS),
    }.items():
        for kind in ("cbm", "json"):

            def written(build=build, kind=kind):
                model = build()
                with tempfile.TemporaryDirectory() as folder:
                    path = os.path.join(folder, "model")
                    model.save_model(path, format=kind)
                    with open(path, "rb") as file:
                        content = file.read()
                return content

            def reloaded(path, kind=kind, name=name):
                of = cat.CatBoostClassifier if name in ("binary", "three") else cat.CatBoostRegressor
                # What a regressor answers depends on the parameters of its object, which a file does not set.
                options = {"loss_function": "Poisson"} if name == "poisson" else {}
                return of(**options).load_model(str(path), format=kind)

            # CatBoost reads the numbers of its own JSON with an error in the last bit; the trained model's are exact.
            near = {"tolerance": 1e-15} if kind == "json" else {}
            w.add(f"cat_booster_{name}_{kind}", written, GAP_ROWS, reload=reloaded, **near)
