"""Trains small models with the real libraries and writes their trees, awkward rows and raw answers for `goldens.rs`.

    python generate.py [DIRECTORY]

Needs scikit-learn, xgboost and lightgbm (versions in requirements.txt beside this file).
"""

import json
import pathlib
import sys

import dump
import numpy as np

N = 150


def rows(n_features, seed, missing=False, f32=False):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, n_features)).round(2)
    x[::7, 0] = 0.0
    x[1::11, 1] = -0.0
    x[2::13, 2] = 1e-40
    x[3::17, 3] = 1e30
    x[4::19, 3] = -1e30
    if missing:
        x[rng.random(x.shape) < 0.15] = np.nan
        x[5] = np.nan
    return x.astype("f4").astype("f8") if f32 else x


def training(n, n_features, seed, classes=2, missing=False):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, n_features)).round(2)
    score = x[:, 0] + np.sin(3 * x[:, 1]) + x[:, 2] * x[:, 3] + 0.3 * rng.normal(size=n)
    y = np.digitize(score, np.quantile(score, np.linspace(0, 1, classes + 1)[1:-1])) if classes else score
    if missing:
        x[rng.random(x.shape) < 0.2] = np.nan
    return x, y


def at_thresholds(x, trees_thresholds):
    """Puts thresholds themselves, and the values next to them, into the rows."""
    rng = np.random.default_rng(0)
    for r in range(0, len(x), 3):
        f = rng.integers(x.shape[1])
        if len(trees_thresholds.get(f, ())):
            t = rng.choice(trees_thresholds[f])
            x[r, f] = (t, np.nextafter(t, type(t)(-np.inf)), np.nextafter(t, type(t)(np.inf)))[r // 3 % 3]
    return x


def sklearn_models(out):
    from sklearn.ensemble import (
        ExtraTreesRegressor,
        GradientBoostingClassifier,
        GradientBoostingRegressor,
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
        RandomForestClassifier,
    )

    x, y = training(400, 6, 1, classes=3, missing=True)
    dump.forest(
        out / "random_forest_3_classes_missing.trees",
        RandomForestClassifier(12, max_depth=8, random_state=0).fit(x, y),
        rows(6, 2, missing=True),
    )
    x, y = training(300, 6, 3, classes=0)
    dump.forest(out / "extra_trees_regressor.trees", ExtraTreesRegressor(8, max_depth=9, random_state=0).fit(x, y), rows(6, 4))
    x, y = training(300, 6, 5)
    model = GradientBoostingClassifier(n_estimators=20, max_depth=4, random_state=0).fit(x, y)
    thresholds = {}
    for e in model.estimators_.ravel():
        for f, t in zip(e.tree_.feature, e.tree_.threshold):
            thresholds.setdefault(int(f), []).append(t)
    dump.gradient_boosting(out / "gradient_boosting_binary.trees", model, at_thresholds(rows(6, 6), thresholds))
    x, y = training(300, 6, 7, classes=3)
    dump.gradient_boosting(
        out / "gradient_boosting_3_classes.trees",
        GradientBoostingClassifier(n_estimators=8, random_state=0).fit(x, y),
        rows(6, 8),
    )
    x, y = training(300, 6, 9, classes=0)
    dump.gradient_boosting(
        out / "gradient_boosting_regressor.trees",
        GradientBoostingRegressor(n_estimators=10, random_state=0).fit(x, y),
        rows(6, 10),
    )
    x, y = training(1500, 6, 11, missing=True)
    model = HistGradientBoostingClassifier(max_iter=15, early_stopping=False, random_state=0).fit(x, y)
    thresholds = {}
    for stage in model._predictors:
        for p in stage:
            for node in p.nodes:
                thresholds.setdefault(int(node["feature_idx"]), []).append(node["num_threshold"])
    dump.hist_gradient_boosting(
        out / "hist_gradient_boosting_missing.trees", model, at_thresholds(rows(6, 12, missing=True), thresholds)
    )
    x, y = training(900, 6, 13, classes=3)
    dump.hist_gradient_boosting(
        out / "hist_gradient_boosting_3_classes.trees",
        HistGradientBoostingClassifier(max_iter=5, early_stopping=False).fit(x, y),
        rows(6, 14, missing=True),
    )
    # Categories 0..n-1 first, so that the model's own reordering and encoding change nothing.
    rng = np.random.default_rng(15)
    x, y = training(1500, 6, 15, classes=0)
    x[:, 0] = rng.integers(0, 20, 1500)
    x[:, 1] = rng.integers(0, 7, 1500)
    y = y + np.isin(x[:, 0], [1, 4, 5, 11, 13, 19]) * 2 - (x[:, 1] == 3)
    x[rng.random(1500) < 0.1, 0] = np.nan
    model = HistGradientBoostingRegressor(max_iter=12, categorical_features=[0, 1], early_stopping=False).fit(x, y)
    test = rows(6, 16, missing=True)
    test[:, 0] = rng.choice([*range(20), 25.0, 3.5, np.nan], N)
    test[:, 1] = rng.choice([*range(7), 9.0, np.nan], N)
    seen = test.copy()
    for column, size in ((0, 20), (1, 7)):
        unknown = ~np.isin(seen[:, column], np.arange(size))
        seen[unknown, column] = np.nan
    dump.hist_gradient_boosting(out / "hist_gradient_boosting_categories.trees", model, test, seen)


def xgboost_models(out):
    import xgboost as xgb

    def thresholds(booster):
        found = {}
        for tree in json.loads(booster.save_raw("json").decode())["learner"]["gradient_booster"]["model"]["trees"]:
            for f, t, left in zip(tree["split_indices"], tree["split_conditions"], tree["left_children"]):
                if left >= 0:
                    found.setdefault(f, []).append(np.float32(t))
        return found

    for name, missing, depth in (("xgboost_no_missing", False, 6), ("xgboost_missing", True, 7)):
        x, y = training(1500, 6, 21, missing=missing)
        booster = xgb.train({"objective": "binary:logistic", "max_depth": depth, "nthread": 1}, xgb.DMatrix(x, y), 20)
        test = at_thresholds(rows(6, 22, missing=True, f32=True), thresholds(booster)).astype("f4")
        dump.xgboost(out / f"{name}.trees", booster, test)
    x, y = training(900, 6, 23, classes=4)
    booster = xgb.train({"objective": "multi:softprob", "num_class": 4, "max_depth": 4, "nthread": 1}, xgb.DMatrix(x, y), 6)
    dump.xgboost(out / "xgboost_4_classes.trees", booster, rows(6, 24, missing=True).astype("f4"), link="identity")
    rng = np.random.default_rng(25)
    x, y = training(2000, 6, 25, classes=0)
    x[:, 0], x[:, 1] = rng.integers(0, 60, 2000), rng.integers(0, 3, 2000)
    y = y + np.isin(x[:, 0] % 7, [1, 3]) * 2 - (x[:, 1] == 2)
    types = ["c", "c", "q", "q", "q", "q"]
    params = {"max_depth": 6, "nthread": 1, "max_cat_to_onehot": 4, "base_score": 0.5, "tree_method": "hist"}
    booster = xgb.train(params, xgb.DMatrix(x, y, feature_types=types, enable_categorical=True), 15)
    test = rows(6, 26, missing=True).astype("f4")
    test[:, 0] = rng.choice([*range(60), 77.0, 200.0, np.nan], N)
    test[:, 1] = rng.choice([0.0, 1.0, 2.0, 9.0, np.nan], N)
    expected = booster.predict(xgb.DMatrix(test, feature_types=types, enable_categorical=True), output_margin=True)
    dump.xgboost(out / "xgboost_categories.trees", booster, test, expected, link="identity")


def lightgbm_models(out):
    import lightgbm as lgb

    common = {"verbose": -1, "num_threads": 1, "deterministic": True, "min_data_in_leaf": 5}
    for name, missing, extra in (
        ("lightgbm_no_missing", False, {}),
        ("lightgbm_missing", True, {}),
        ("lightgbm_zero_as_missing", True, {"zero_as_missing": True}),
        ("lightgbm_deep", True, {"num_leaves": 200, "max_depth": -1}),
    ):
        x, y = training(1500, 6, 31, missing=missing)
        x[np.random.default_rng(1).random(x.shape) < 0.1] = 0.0
        booster = lgb.train(dict(objective="binary", num_leaves=40, **common) | extra, lgb.Dataset(x, y), 15)
        test = rows(6, 32, missing=True)
        test[6::9, 4], test[7::9, 4], test[8::9, 5] = 1e-36, np.float32(1e-35), -1.1e-35
        dump.lightgbm(out / f"{name}.trees", booster, test)
    x, y = training(900, 6, 33, classes=3)
    booster = lgb.train(dict(objective="multiclass", num_class=3, num_leaves=15, **common), lgb.Dataset(x, y), 6)
    dump.lightgbm(out / "lightgbm_3_classes.trees", booster, rows(6, 34, missing=True))
    rng = np.random.default_rng(35)
    x, y = training(2000, 6, 35, classes=0)
    x[:, 0], x[:, 1] = rng.integers(0, 80, 2000), rng.integers(0, 4, 2000)
    y = y + np.isin(x[:, 0] % 7, [1, 3]) * 2 - (x[:, 1] == 2)
    x[rng.random(2000) < 0.1, 0] = np.nan
    booster = lgb.train(
        dict(objective="regression", num_leaves=20, min_data_per_group=5, cat_smooth=1, **common),
        lgb.Dataset(x, y, categorical_feature=[0, 1]),
        15,
    )
    test = rows(6, 36, missing=True)
    test[:, 0] = rng.choice([*range(80), -1.0, -0.5, 3.7, 99.0, 5e9, np.nan], N)
    test[:, 1] = rng.choice([0.0, 1.0, 2.0, 3.0, -3.0, np.nan], N)
    dump.lightgbm(out / "lightgbm_categories.trees", booster, test)


def main():
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    sklearn_models(out)
    xgboost_models(out)
    lightgbm_models(out)
    for path in sorted(out.glob("*.trees")):
        print(f"{path.stat().st_size:8} {path.name}")


if __name__ == "__main__":
    main()
