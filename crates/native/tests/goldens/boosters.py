"""Trains small boosters with the real libraries and writes their own files, awkward rows and the libraries' answers.

    python boosters.py STACK [DIRECTORY]

STACK names the sub-folder of `boosters/` (the versions in use: `xgb32_lgb47_cat1210`, ...). Beside each model file lies
`NAME.rows` in safetensors layout: `x`, `raw` (margins) and `answers` (the library's `predict`), and in its metadata how
the library was called. The Rust tests compare bits.
"""

import json
import pathlib
import struct
import sys
import warnings

import numpy as np

N = 48
warnings.filterwarnings("ignore")


def write_rows(path, arrays, **meta):
    """`arrays` as safetensors."""
    names = {"u1": "U8", "i8": "I64", "f4": "F32", "f8": "F64"}
    header, offset = {"__metadata__": {k: str(v) for k, v in meta.items()}}, 0
    arrays = {k: np.ascontiguousarray(v) for k, v in arrays.items()}
    for name, a in arrays.items():
        header[name] = {"dtype": names[a.dtype.str[1:]], "shape": list(a.shape), "data_offsets": [offset, offset + a.nbytes]}
        offset += a.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(a.tobytes() for a in arrays.values()))


def rows(n_features, seed, missing=True):
    """Rows with zeros of both signs, denormals, huge values and gaps."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, n_features)).round(2)
    x[::7, 0], x[1::11, 1], x[2::13, 2 % n_features] = 0.0, -0.0, 1e-40
    x[3::17, -1], x[4::19, -1] = 1e30, -1e30
    if missing:
        x[rng.random(x.shape) < 0.15] = np.nan
        x[5] = np.nan
    return x


def training(n, n_features, seed, classes=2, missing=False):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, n_features)).round(2)
    score = x[:, 0] + np.sin(3 * x[:, 1]) + x[:, 2] * x[:, 3] + 0.3 * rng.normal(size=n)
    y = np.digitize(score, np.quantile(score, np.linspace(0, 1, classes + 1)[1:-1])) if classes else score
    if missing:
        x[rng.random(x.shape) < 0.2] = np.nan
    return x, y


def at_thresholds(x, thresholds, seed=0):
    """Puts (feature, threshold) pairs, and the values next to them, into the rows."""
    rng = np.random.default_rng(seed)
    for r in range(0, len(x), 3):
        f, t = thresholds[rng.integers(len(thresholds))]
        x[r, f] = (t, np.nextafter(t, type(t)(-np.inf)), np.nextafter(t, type(t)(np.inf)))[r // 3 % 3]
    return x


# ---- XGBoost ---------------------------------------------------------------------------------------------------------


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
    import xgboost as xgb

    version = tuple(int(v) for v in xgb.__version__.split(".")[:2])

    def train(params, data, rounds=6):
        return xgb.train({"max_depth": 3, "nthread": 1, **params}, data, rounds)

    x, y = training(400, 5, 1, missing=True)
    binary = xgb.DMatrix(x, y)
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
    ranking = xgb.DMatrix(x, np.digitize(y, [-1, 0, 1]))
    ranking.set_group([20] * 20)
    for objective in ("rank:pairwise", "rank:ndcg", "rank:map"):
        labels = np.digitize(y, [0.0]) if objective == "rank:map" else np.digitize(y, [-1, 0, 1])
        ranking.set_label(labels)
        booster = train({"objective": objective}, ranking)
        xgb_write(out, "xgb_" + objective.replace(":", "_"), booster, rows(5, 11), "ubj")

    x, y = training(500, 5, 12, classes=4)
    classes = xgb.DMatrix(x, y)
    for objective in ("multi:softprob", "multi:softmax"):
        booster = train({"objective": objective, "num_class": 4, "num_parallel_tree": 2, "subsample": 0.7}, classes, 3)
        xgb_write(out, "xgb_" + objective.replace(":", "_"), booster, rows(5, 13), "json" if "prob" in objective else "ubj")
        if objective == "multi:softprob":
            xgb_write(out, "xgb_first_rounds", booster, rows(5, 13), "ubj", iterations=2)
            xgb_write(out, "xgb_in_place", booster, rows(5, 13), "ubj", call="inplace")
    dart = {"booster": "dart", "rate_drop": 0.4, "one_drop": 1}
    for call in ("booster", "inplace"):
        booster = train({"objective": "binary:logistic", "base_score": 0.3, **dart}, binary, 8)
        xgb_write(out, f"xgb_dart_{call}", booster, rows(5, 14), "ubj", call=call)
    booster = train({"objective": "multi:softprob", "num_class": 4, "base_score": 0.7, **dart}, classes, 4)
    xgb_write(out, "xgb_dart_classes", booster, rows(5, 15), "ubj", call="inplace")
    forest = train(
        {"num_parallel_tree": 5, "subsample": 0.6, "learning_rate": 1.0, "objective": "reg:squarederror"}, classes, 1
    )
    xgb_write(out, "xgb_random_forest", forest, rows(5, 16), "ubj")
    for updater in ("coord_descent",):
        booster = xgb.train(
            {"booster": "gblinear", "updater": updater, "nthread": 1, "objective": "binary:logistic"}, binary, 8
        )
        xgb_write(out, "xgb_linear", booster, rows(5, 17), "json")
        booster = xgb.train(
            {"booster": "gblinear", "updater": updater, "nthread": 1, "objective": "multi:softprob", "num_class": 4}, classes, 8
        )
        xgb_write(out, "xgb_linear_classes", booster, rows(5, 18), "ubj")

    targets = np.column_stack([x[:, 0] + x[:, 1], x[:, 2] * x[:, 3]])
    several = xgb.DMatrix(x, targets)
    xgb_write(out, "xgb_targets", train({"tree_method": "hist"}, several), rows(5, 19), "ubj")
    if version >= (2, 0):
        strategy = {"tree_method": "hist", "multi_strategy": "multi_output_tree"}
        xgb_write(out, "xgb_vector_leaves", train(strategy, several), rows(5, 20), "ubj")
        xgb_write(out, "xgb_vector_leaves_json", train(strategy, several, 3), rows(5, 20), "json")
        quantiles = {"objective": "reg:quantileerror", "quantile_alpha": np.array([0.1, 0.5, 0.9]), "tree_method": "hist"}
        xgb_write(out, "xgb_quantiles", train(quantiles, xgb.DMatrix(x, y)), rows(5, 21), "ubj")

    rng = np.random.default_rng(25)
    x, y = training(900, 5, 25, classes=0)
    x[:, 0], x[:, 1] = rng.integers(0, 40, 900), rng.integers(0, 3, 900)
    y = y + np.isin(x[:, 0] % 7, [1, 3]) * 2 - (x[:, 1] == 2)
    types = ["c", "c", "q", "q", "q"]
    data = xgb.DMatrix(x, y, feature_types=types, enable_categorical=True)
    booster = train({"max_cat_to_onehot": 4, "tree_method": "hist" if version >= (2, 0) else "approx"}, data, 8)
    test = rows(5, 26)
    test[:, 0] = rng.choice([*range(40), 57.0, 200.0, 3.5, np.nan], N)
    test[:, 1] = rng.choice([0.0, 1.0, 2.0, 9.0, np.nan], N)
    for kind in ("json", "ubj"):
        xgb_write(out, f"xgb_categories_{kind}", booster, test, kind, types=types)
    if version >= (3, 1):
        import pandas as pd

        frame = pd.DataFrame(x, columns=list("abcde"))
        frame["a"] = pd.Categorical([f"ä{int(v)}" for v in x[:, 0]])
        frame["b"] = pd.Categorical(x[:, 1].astype(int) * 10)
        booster = train({"max_cat_to_onehot": 4, "tree_method": "hist"}, xgb.DMatrix(frame, y, enable_categorical=True), 4)
        for kind in ("json", "ubj"):
            booster.save_model(out / f"xgb_kept_categories_{kind}.{kind}")


# ---- LightGBM --------------------------------------------------------------------------------------------------------


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


# ---- CatBoost --------------------------------------------------------------------------------------------------------


def cat_write(out, name, model, x, kind="cbm", prediction="RawFormulaVal"):
    file = out / f"{name}.{kind}"
    model.save_model(file, format=kind)
    import catboost

    # Probabilities of two classes: the second one's alone.
    raw = model.predict(x, prediction_type="RawFormulaVal")
    answers = model.predict(x, prediction_type=prediction)
    if prediction == "Probability" and raw.ndim == 1:
        answers = answers[:, 1]
    if prediction == "Class":
        position = {label: i for i, label in enumerate(model.classes_)}
        answers = np.array([position[label] for label in answers.ravel()], "f8")
    if kind == "cbm":  # the file says what the trained model says
        again = catboost.CatBoost().load_model(str(file))
        assert (again.predict(x, prediction_type="RawFormulaVal") == raw).all()
    write_rows(out / f"{name}.rows", {"x": x, "raw": raw, "answers": answers}, prediction=prediction)


def catboost_models(out):
    from catboost import CatBoost, CatBoostClassifier, CatBoostRegressor

    common = {"iterations": 5, "depth": 3, "verbose": 0, "allow_writing_files": False, "thread_count": 1, "random_seed": 1}

    def spots(model):
        return [(f, np.float32(b)) for f, borders in model.get_borders().items() for b in borders]

    def test(model, seed, missing=True):
        x = rows(5, seed, missing).astype("f4").astype("f8")
        x[8::16, 1], x[9::16, 2] = np.inf, -np.inf
        return at_thresholds(x, spots(model)) if spots(model) else x

    x, y = training(500, 5, 51)
    xm, ym = training(500, 5, 52, missing=True)
    for kind in ("cbm", "json"):
        for name, data, target, params in (
            ("binary", x, y, {}), ("missing_min", xm, ym, {"nan_mode": "Min"}), ("missing_max", xm, ym, {"nan_mode": "Max"}),
            ("depthwise", xm, ym, {"grow_policy": "Depthwise"}),
            ("lossguide", xm, ym, {"grow_policy": "Lossguide", "max_leaves": 9}),
        ):  # fmt: skip
            model = CatBoostClassifier(**common, **params).fit(data, target)
            cat_write(out, f"cat_{name}_{kind}", model, test(model, 53), kind, "Probability")
        x3, y3 = training(500, 5, 54, classes=3)
        for loss in ("MultiClass", "MultiClassOneVsAll"):
            model = CatBoostClassifier(loss_function=loss, **common).fit(x3, np.array(["b", "ä", "c"])[y3])
            cat_write(out, f"cat_{loss}_{kind}", model, test(model, 55), kind, "Probability")
        deep = {"grow_policy": "Lossguide", "max_leaves": 12, "depth": 8}
        model = CatBoostClassifier(**{**common, **deep}).fit(x3, y3 * 3 + 1)
        cat_write(out, f"cat_classes_lossguide_{kind}", model, test(model, 55), kind, "Class")
    x5, y5 = training(600, 5, 56, classes=5)
    model = CatBoostClassifier(**{**common, "iterations": 80, "learning_rate": 1.0}).fit(x5, y5)
    cat_write(out, "cat_five_classes", model, test(model, 57), "cbm", "Probability")
    model = CatBoostClassifier(**common).fit(x, y)
    cat_write(out, "cat_class", model, test(model, 58), "cbm", "Class")
    model.set_probability_threshold(0.3)
    cat_write(out, "cat_class_threshold", model, test(model, 58), "cbm", "Class")
    cat_write(out, "cat_class_threshold_json", model, test(model, 58), "json", "Class")
    model = CatBoostClassifier(**common).fit(x, y > 0)
    cat_write(out, "cat_boolean", model, test(model, 58), "cbm", "Class")
    x, y = training(500, 5, 59, classes=0)
    positive = np.exp(np.clip(y, -3, 3))
    for loss, prediction in (
        ("RMSE", "RawFormulaVal"), ("MAE", "RawFormulaVal"), ("Quantile:alpha=0.3", "RawFormulaVal"), ("Poisson", "Exponent"),
        ("Tweedie:variance_power=1.5", "Exponent"), ("RMSEWithUncertainty", "RMSEWithUncertainty"),
    ):  # fmt: skip
        model = CatBoostRegressor(loss_function=loss, **common).fit(x, positive)
        cat_write(out, f"cat_{loss.split(':')[0]}", model, test(model, 60), "cbm", prediction)
    model = CatBoostRegressor(loss_function="MultiRMSE", **common).fit(x, np.column_stack([y, y * x[:, 0]]))
    cat_write(out, "cat_MultiRMSE", model, test(model, 61))
    model = CatBoostRegressor(boost_from_average=True, model_shrink_rate=0.1, **common).fit(x, y + 100)
    model.set_scale_and_bias(1.7, 3.3)
    cat_write(out, "cat_scale_and_bias", model, test(model, 62))
    import pandas as pd

    frame = pd.DataFrame(x, columns=["a b", "ü", "c", "d", "e"])
    cat_write(out, "cat_feature_names", CatBoost({**common, "loss_function": "RMSE"}).fit(frame, y), test(model, 63), "json")
    x[:, 1] = np.digitize(x[:, 1], [-1, 0, 1])
    mixed = pd.DataFrame(x, columns=list("abcde")).astype({"b": int}).astype({"b": str})
    for name, size in (("one_hot", 10), ("ctr", 2)):  # read and damaged, not asked
        model = CatBoostRegressor(one_hot_max_size=size, cat_features=["b"], **common).fit(mixed, y + x[:, 1])
        for kind in ("cbm", "json"):
            if (name, kind) != ("ctr", "json"):
                model.save_model(out / f"cat_categories_{name}.{kind}", format=kind)
    small = {**common, "iterations": 2, "depth": 1}
    words = np.array(["alpha", "beta", "gamma", "delta"])[np.random.default_rng(64).integers(0, 4, (60, 3))]
    texts = pd.DataFrame({"t": [" ".join(row) for row in words], "x": x[:60, 0]})
    one = (words == "alpha").any(axis=1).astype(int)
    calcers = ["BoW:top_tokens_count=4"]
    model = CatBoostClassifier(text_features=["t"], feature_calcers=calcers, **small).fit(texts, one)
    model.save_model(out / "cat_refused_text.cbm")
    vectors = pd.DataFrame({"e": [list(row) for row in x[:60, :2]], "x": x[:60, 2]})
    CatBoostClassifier(embedding_features=["e"], **small).fit(vectors, one).save_model(out / "cat_refused_embedding.cbm")


def main():
    stack = sys.argv[1]
    out = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else pathlib.Path(__file__).parent / "boosters" / stack
    out.mkdir(parents=True, exist_ok=True)
    for models in (xgboost_models, lightgbm_models, catboost_models):
        models(out)
    print(f"{sum(f.stat().st_size for f in out.iterdir()) >> 10} KiB in {len(list(out.iterdir()))} files: {stack}")


if __name__ == "__main__":
    main()
