"""LightGBM's models: each objective, kind of missing value and boosting, as its text."""

import numpy as np
from boosters_rows import N, at_thresholds, rows, training, write_rows


def lgb_thresholds(booster):
    found = []
    for block in booster.model_to_string().split("\nTree=")[1:]:
        fields = dict(line.split("=", 1) for line in block.split("\n\n")[0].split("\n")[1:] if "=" in line)
        columns = (fields.get(key, "").split() for key in ("split_feature", "threshold", "decision_type"))
        found += [(int(f), np.float64(t)) for f, t, decision in zip(*columns) if not int(decision) & 1]
    return found


def lgb_write(out, name, booster, x, iterations=None, edges=True):
    spots = lgb_thresholds(booster)
    if spots and edges:
        x = at_thresholds(x, spots)
    raw = booster.predict(x, raw_score=True, num_iteration=iterations)
    answers = booster.predict(x, num_iteration=iterations)
    booster.save_model(out / f"{name}.txt")
    write_rows(out / f"{name}.rows", {"x": x, "raw": raw, "answers": answers}, iterations=iterations or "")


def lightgbm_models(out):
    import lightgbm as lgb

    common = {"verbose": -1, "num_threads": 1, "deterministic": True, "min_data_in_leaf": 5, "num_leaves": 8, "seed": 1}

    def train(params, x, y, rounds=5, **data):
        return lgb.train({**common, **params}, lgb.Dataset(x, y, params={"verbose": -1}, **data), rounds)

    x, y = training(500, 5, 31, missing=True)
    x[np.random.default_rng(1).random(x.shape) < 0.1] = 0.0
    test = rows(5, 32)
    test[6::9, 4], test[7::9, 4], test[8::9, 3] = 1e-36, np.float32(1e-35), -1.1e-35
    lgb_write(out, "lgb_binary", train({"objective": "binary"}, x, y), test.copy())
    lgb_write(out, "lgb_binary_sigmoid", train({"objective": "binary", "sigmoid": 0.73}, x, y), test.copy())
    lgb_write(out, "lgb_zero_as_missing", train({"objective": "binary", "zero_as_missing": True}, x, y), test.copy())
    lgb_write(out, "lgb_first_rounds", train({"objective": "binary"}, x, y, 6), test.copy(), 4)
    plain, z = training(500, 5, 33)
    lgb_write(out, "lgb_no_missing", train({"objective": "binary"}, plain, z), rows(5, 34))
    lgb_write(out, "lgb_no_use_missing", train({"objective": "binary", "use_missing": False}, x, y), rows(5, 34))
    names = [f"f{i}_é" for i in range(5)]
    lgb_write(out, "lgb_feature_names", train({"objective": "binary"}, x, y, feature_name=names), rows(5, 35))
    lgb_write(out, "lgb_dart", train({"objective": "binary", "boosting": "dart", "drop_rate": 0.5}, x, y, 10), rows(5, 36))
    forest = {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}
    lgb_write(out, "lgb_random_forest", train({"objective": "binary", **forest}, x, y, 7), rows(5, 37))
    lgb_write(out, "lgb_random_forest_first_rounds", train({"objective": "regression", **forest}, x, y, 7), rows(5, 37), 3)
    x3, y3 = training(500, 5, 38, classes=3)
    for objective in ("multiclass", "multiclassova"):
        booster = train({"objective": objective, "num_class": 3, "sigmoid": 1.25}, x3, y3, 4)
        lgb_write(out, f"lgb_{objective}", booster, rows(5, 39))
    booster = train({"objective": "multiclass", "num_class": 3, **forest}, x3, y3, 4)
    lgb_write(out, "lgb_multiclass_random_forest", booster, rows(5, 39))
    x, y = training(500, 5, 40, classes=0)
    positive = np.exp(np.clip(y, -3, 3))
    for objective, target in (
        ("regression", y), ("regression_l1", y), ("huber", y), ("fair", y), ("poisson", positive.round()), ("quantile", y),
        ("mape", positive), ("gamma", positive), ("tweedie", positive), ("cross_entropy", 1 / (1 + np.exp(-y))),
        ("cross_entropy_lambda", 1 / (1 + np.exp(-y))),
    ):  # fmt: skip
        lgb_write(out, f"lgb_{objective}", train({"objective": objective}, x, target), rows(5, 41))
    for objective in ("regression", "regression_l1", "huber", "fair", "quantile"):
        booster = train({"objective": objective, "reg_sqrt": True}, x, y)
        lgb_write(out, f"lgb_{objective}_sqrt", booster, rows(5, 42))
    relevance = np.digitize(y, [-1, 0, 1])
    for objective in ("lambdarank", "rank_xendcg"):
        lgb_write(out, f"lgb_{objective}", train({"objective": objective}, x, relevance, group=[20] * 25), rows(5, 43))
    loss = lambda p, d: (p - d.get_label(), np.ones_like(p))  # noqa: E731
    if lgb.__version__.startswith("3"):
        booster = lgb.train(common, lgb.Dataset(x, y), 4, fobj=loss)
    else:
        booster = train({"objective": loss}, x, y, 4)
    lgb_write(out, "lgb_custom_objective", booster, rows(5, 44))
    constant = train({"objective": "binary", "min_data_in_leaf": 400}, x3, y3 > 0, 2)
    lgb_write(out, "lgb_constant", constant, rows(5, 45))
    rng = np.random.default_rng(46)
    x, y = training(900, 5, 46, classes=0)
    x[:, 0], x[:, 1] = rng.integers(0, 70, 900), rng.integers(0, 4, 900)
    y = y + np.isin(x[:, 0] % 7, [1, 3]) * 2 - (x[:, 1] == 2)
    test = rows(5, 47)
    test[:, 0] = rng.choice([*range(70), -1.0, -0.5, 3.7, 99.0, 5e9, -5e9, np.nan], N)
    test[:, 1] = rng.choice([0.0, 1.0, 2.0, 3.0, -3.0, np.nan], N)
    grouped = {"min_data_per_group": 5, "cat_smooth": 1}
    for name, gaps in (("lgb_categories", False), ("lgb_categories_missing", True)):
        if gaps:
            x[rng.random(900) < 0.1, 0] = np.nan
        booster = train({"objective": "regression", **grouped}, x, y, categorical_feature=[0, 1])
        lgb_write(out, name, booster, test.copy(), edges=False)
    import pandas as pd

    frame = pd.DataFrame(np.nan_to_num(x), columns=list("abcde"))
    frame["a"] = pd.Categorical([f"ä{int(v)}" for v in frame["a"]])
    frame["b"] = pd.Categorical(frame["b"].astype(int) * 10)
    train({"objective": "regression", **grouped}, frame, y).save_model(out / "lgb_pandas_categories.txt")
    if not lgb.__version__.startswith("2"):
        train({"objective": "regression", "linear_tree": True}, x3, y3, 2).save_model(out / "lgb_refused_linear_trees.txt")
