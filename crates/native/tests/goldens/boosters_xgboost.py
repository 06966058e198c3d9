"""XGBoost's models: each objective, booster and form of file, with rows that meet the thresholds."""

import json

import numpy as np
from boosters_rows import N, at_thresholds, rows, training, write_rows


def xgb_thresholds(booster):
    model = json.loads(booster.save_raw("json").decode())["learner"]["gradient_booster"]
    trees = model.get("gbtree", model)["model"].get("trees", [])
    return [
        (f, np.float32(t))
        for tree in trees
        for f, t, left, kind in zip(tree["split_indices"], tree["split_conditions"], tree["left_children"], tree["split_type"])
        if left >= 0 and kind == 0
    ]


def xgb_write(out, name, booster, x, kind="json", call="booster", iterations=None, types=None):
    import xgboost as xgb

    spots = xgb_thresholds(booster)
    if spots and types is None:
        x = at_thresholds(x, spots)
    till = (0, iterations or 0)
    if call == "booster":
        data = xgb.DMatrix(x, feature_names=booster.feature_names, feature_types=types, enable_categorical=types is not None)
        raw = booster.predict(data, output_margin=True, iteration_range=till)
        answers = booster.predict(data, iteration_range=till)
    else:
        raw = booster.inplace_predict(x, predict_type="margin", iteration_range=till, validate_features=False)
        answers = booster.inplace_predict(x, iteration_range=till, validate_features=False)
    if kind == "pickle":  # what a pickled Booster holds
        (out / f"{name}.ubj").write_bytes(bytes(booster.__getstate__()["handle"]))
    else:
        booster.save_model(out / f"{name}.{kind}")
    write_rows(
        out / f"{name}.rows", {"x": x, "raw": raw.astype("f4"), "answers": answers.astype("f4")},
        call=call, iterations=iterations or "", version=xgb.__version__, answers_type=str(answers.dtype),
    )  # fmt: skip


def xgboost_models(out):
    two_class_models(out)
    number_models(out)
    ranking_models(out)
    several_class_models(out)
    dart_models(out)
    linear_models(out)
    target_models(out)
    category_models(out)


def version():
    import xgboost as xgb

    return tuple(int(v) for v in xgb.__version__.split(".")[:2])


def train(params, data, rounds=6):
    import xgboost as xgb

    return xgb.train({"max_depth": 3, "nthread": 1, **params}, data, rounds)


def two_classes():
    import xgboost as xgb

    return xgb.DMatrix(*training(400, 5, 1, missing=True))


def four_classes():
    import xgboost as xgb

    return xgb.DMatrix(*training(500, 5, 12, classes=4))


def two_class_models(out):
    import xgboost as xgb

    binary = two_classes()
    for kind in ("json", "ubj", "pickle"):
        xgb_write(out, f"xgb_logistic_{kind}", train({"objective": "binary:logistic"}, binary), rows(5, 2), kind)
    unbalanced = train({"objective": "binary:logistic", "base_score": 0.137}, binary)
    xgb_write(out, "xgb_logistic_base_score", unbalanced, rows(5, 3))
    for objective in ("binary:logitraw", "binary:hinge", "reg:logistic"):
        xgb_write(out, "xgb_" + objective.replace(":", "_"), train({"objective": objective}, binary), rows(5, 4), "ubj")
    plain, z = training(400, 5, 5)
    names = ["a b", 'quo"te', "ünï", "d", "e"]
    booster = train({"objective": "binary:logistic"}, xgb.DMatrix(plain, z, feature_names=names))
    xgb_write(out, "xgb_feature_names", booster, rows(5, 6), "ubj")


def number_models(out):
    import xgboost as xgb

    x, y = training(400, 5, 7, classes=0)
    positive = np.exp(np.clip(y, -3, 3))
    for objective, target in (
        ("reg:squarederror", y), ("reg:squaredlogerror", positive), ("reg:pseudohubererror", y),
        ("count:poisson", positive.round()),
        ("reg:gamma", positive), ("reg:tweedie", positive), ("survival:cox", positive), ("reg:absoluteerror", y),
    ):  # fmt: skip
        booster = train({"objective": objective}, xgb.DMatrix(x, target))
        xgb_write(out, "xgb_" + objective.replace(":", "_"), booster, rows(5, 8), "ubj")
    custom = xgb.train(
        {"max_depth": 3, "nthread": 1}, xgb.DMatrix(x, y), 4, obj=lambda p, d: (p - d.get_label(), np.ones_like(p))
    )
    xgb_write(out, "xgb_custom_objective", custom, rows(5, 9), "ubj")
    aft = xgb.DMatrix(x)
    aft.set_float_info("label_lower_bound", positive)
    aft.set_float_info("label_upper_bound", positive * 1.5)
    xgb_write(out, "xgb_survival_aft", train({"objective": "survival:aft"}, aft, 20), rows(5, 10), "ubj")


def ranking_models(out):
    import xgboost as xgb

    x, y = training(400, 5, 7, classes=0)
    ranking = xgb.DMatrix(x, np.digitize(y, [-1, 0, 1]))
    ranking.set_group([20] * 20)
    for objective in ("rank:pairwise", "rank:ndcg", "rank:map"):
        labels = np.digitize(y, [0.0]) if objective == "rank:map" else np.digitize(y, [-1, 0, 1])
        ranking.set_label(labels)
        booster = train({"objective": objective}, ranking)
        xgb_write(out, "xgb_" + objective.replace(":", "_"), booster, rows(5, 11), "ubj")


def several_class_models(out):
    classes = four_classes()
    for objective in ("multi:softprob", "multi:softmax"):
        booster = train({"objective": objective, "num_class": 4, "num_parallel_tree": 2, "subsample": 0.7}, classes, 3)
        xgb_write(out, "xgb_" + objective.replace(":", "_"), booster, rows(5, 13), "json" if "prob" in objective else "ubj")
        if objective == "multi:softprob":
            xgb_write(out, "xgb_first_rounds", booster, rows(5, 13), "ubj", iterations=2)
            xgb_write(out, "xgb_in_place", booster, rows(5, 13), "ubj", call="inplace")
    forest = train(
        {"num_parallel_tree": 5, "subsample": 0.6, "learning_rate": 1.0, "objective": "reg:squarederror"}, classes, 1
    )
    xgb_write(out, "xgb_random_forest", forest, rows(5, 16), "ubj")


def dart_models(out):
    binary, classes = two_classes(), four_classes()
    dart = {"booster": "dart", "rate_drop": 0.4, "one_drop": 1}
    for call in ("booster", "inplace"):
        booster = train({"objective": "binary:logistic", "base_score": 0.3, **dart}, binary, 8)
        xgb_write(out, f"xgb_dart_{call}", booster, rows(5, 14), "ubj", call=call)
    booster = train({"objective": "multi:softprob", "num_class": 4, "base_score": 0.7, **dart}, classes, 4)
    xgb_write(out, "xgb_dart_classes", booster, rows(5, 15), "ubj", call="inplace")


def linear_models(out):
    import xgboost as xgb

    binary, classes = two_classes(), four_classes()
    booster = xgb.train(
        {"booster": "gblinear", "updater": "coord_descent", "nthread": 1, "objective": "binary:logistic"}, binary, 8
    )
    xgb_write(out, "xgb_linear", booster, rows(5, 17), "json")
    booster = xgb.train(
        {"booster": "gblinear", "updater": "coord_descent", "nthread": 1, "objective": "multi:softprob", "num_class": 4},
        classes,
        8,
    )
    xgb_write(out, "xgb_linear_classes", booster, rows(5, 18), "ubj")


def target_models(out):
    import xgboost as xgb

    x, y = training(500, 5, 12, classes=4)
    targets = np.column_stack([x[:, 0] + x[:, 1], x[:, 2] * x[:, 3]])
    several = xgb.DMatrix(x, targets)
    xgb_write(out, "xgb_targets", train({"tree_method": "hist"}, several), rows(5, 19), "ubj")
    if version() >= (2, 0):
        strategy = {"tree_method": "hist", "multi_strategy": "multi_output_tree"}
        xgb_write(out, "xgb_vector_leaves", train(strategy, several), rows(5, 20), "ubj")
        xgb_write(out, "xgb_vector_leaves_json", train(strategy, several, 3), rows(5, 20), "json")
        quantiles = {"objective": "reg:quantileerror", "quantile_alpha": np.array([0.1, 0.5, 0.9]), "tree_method": "hist"}
        xgb_write(out, "xgb_quantiles", train(quantiles, xgb.DMatrix(x, y)), rows(5, 21), "ubj")


def category_models(out):
    import xgboost as xgb

    rng = np.random.default_rng(25)
    x, y = training(900, 5, 25, classes=0)
    x[:, 0], x[:, 1] = rng.integers(0, 40, 900), rng.integers(0, 3, 900)
    y = y + np.isin(x[:, 0] % 7, [1, 3]) * 2 - (x[:, 1] == 2)
    types = ["c", "c", "q", "q", "q"]
    data = xgb.DMatrix(x, y, feature_types=types, enable_categorical=True)
    booster = train({"max_cat_to_onehot": 4, "tree_method": "hist" if version() >= (2, 0) else "approx"}, data, 8)
    test = rows(5, 26)
    test[:, 0] = rng.choice([*range(40), 57.0, 200.0, 3.5, np.nan], N)
    test[:, 1] = rng.choice([0.0, 1.0, 2.0, 9.0, np.nan], N)
    for kind in ("json", "ubj"):
        xgb_write(out, f"xgb_categories_{kind}", booster, test, kind, types=types)
    if version() >= (3, 1):
        import pandas as pd

        frame = pd.DataFrame(x, columns=list("abcde"))
        frame["a"] = pd.Categorical([f"ä{int(v)}" for v in x[:, 0]])
        frame["b"] = pd.Categorical(x[:, 1].astype(int) * 10)
        booster = train({"max_cat_to_onehot": 4, "tree_method": "hist"}, xgb.DMatrix(frame, y, enable_categorical=True), 4)
        for kind in ("json", "ubj"):
            booster.save_model(out / f"xgb_kept_categories_{kind}.{kind}")
