"""XGBoost, LightGBM and CatBoost with odd options, trained with their own functions or scikit-learn's classes.

Must not know files or the native engine.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from draw import labels


def trained(draw: Any, x: np.ndarray, score: np.ndarray) -> tuple[Any, Any]:
    """A trained model, and the names of its columns where it was given any. ``score`` is what a target is made of."""
    library = draw.one(["xgb"] * 5 + ["lgb"] * 5 + ["cat"] * 2)
    return {"xgb": _xgboost, "lgb": _lightgbm, "cat": _catboost}[library](draw, x, score)


def cut(score: np.ndarray, count: int) -> np.ndarray:
    return np.digitize(score, np.quantile(score, np.linspace(0, 1, count + 1)[1:-1]))


def _target(draw: Any, score: np.ndarray, kind: str) -> np.ndarray:
    ranks = np.argsort(np.argsort(score)) / len(score)
    return {
        "any": lambda: score, "share": lambda: ranks, "count": lambda: np.round(ranks * 6), "positive": lambda: ranks * 3 + 0.1,
        "grade": lambda: cut(score, 4), "two": lambda: cut(score, 2), "several": lambda: np.column_stack([score, ranks - score]),
    }[kind]()  # fmt: skip


def _named(draw: Any, x: np.ndarray) -> tuple[Any, Any]:
    if not draw.chance(0.25):
        return x, None
    names = [f"{draw.one(['c', 'Spalte ü', 'x y', 'é'])}{i}" for i in range(x.shape[1])]
    return pd.DataFrame(x, columns=names), names


def _weight(draw: Any, n: int) -> Any:
    return draw.one([None, None, draw.rng.rand(n) + 0.1])


def _xgboost(draw: Any, x: np.ndarray, score: np.ndarray) -> tuple[Any, Any]:
    import xgboost as xgb

    method = draw.one(["hist", "hist", "exact", "approx"])
    options = _xgboost_options(draw, x, method)
    rounds = draw.whole(1, 9)
    kind = _xgboost_objective(draw, options, method)
    objective = options["objective"]
    y, (given, names) = _target(draw, score, kind), _named(draw, x)
    if draw.chance(0.45):
        return _booster(draw, xgb, options, given, y, rounds, names), names
    options.pop("num_class", None)
    options["n_jobs"] = options.pop("nthread")
    options |= {"n_estimators": rounds, "missing": draw.one([np.nan] * 4 + [0.0, -1.0, 2.5])}
    if draw.chance(0.1):
        options["importance_type"] = "gain"
    weight = _weight(draw, len(y))
    if objective.startswith("rank"):
        groups = np.repeat(np.arange(len(y) // 10 + 1), 10)[: len(y)]
        return xgb.XGBRanker(**options).fit(given, y, qid=groups), names
    if objective.startswith(("binary", "multi")):
        return _xgboost_classifier(draw, xgb, options, given, y, score, weight), names
    kind_of = draw.one([xgb.XGBRegressor] * 4 + [xgb.XGBRFRegressor])
    if kind_of is xgb.XGBRFRegressor:
        options.pop("learning_rate", None)
    if objective == "survival:aft":
        raise ValueError("not by this class")
    margin = draw.rng.rand(len(y)) if draw.chance(0.1) and kind == "any" else None
    return kind_of(**options).fit(given, y, sample_weight=weight, **({} if margin is None else {"base_margin": margin})), names


def _xgboost_options(draw: Any, x: np.ndarray, method: str) -> dict[str, Any]:
    """How trees, or lines, are grown."""
    options = {
        "max_depth": draw.one([0, 1, 2, 4, 7]), "learning_rate": draw.log(0.05, 1.5), "tree_method": method, "random_state": draw.whole(0, 9),
        "subsample": draw.one([1.0, 0.5]), "colsample_bytree": draw.one([1.0, 0.6]), "colsample_bylevel": draw.one([1.0, 0.6]),
        "colsample_bynode": draw.one([1.0, 0.6]), "reg_lambda": draw.log(0.001, 9), "reg_alpha": draw.one([0, 0, 0.5]), "gamma": draw.one([0, 0, 0.3]),
        "min_child_weight": draw.one([0, 1, 5]), "max_delta_step": draw.one([0, 0, 0.7]), "num_parallel_tree": draw.one([1, 1, 1, 3]),
        "booster": draw.one(["gbtree"] * 5 + ["dart", "gblinear"]), "nthread": 1, "verbosity": 0,
    }  # fmt: skip
    if method != "exact":
        options |= {
            "max_bin": draw.one([256, 4, 30]),
            "grow_policy": draw.one(["depthwise", "lossguide"]),
            "max_leaves": draw.one([0, 5]),
        }
    if options["max_depth"] == 0 and (method == "exact" or options.get("grow_policy") == "depthwise"):
        options["max_depth"] = 3
    if draw.chance(0.15) and options["booster"] != "gblinear":
        options["monotone_constraints"] = "(" + ",".join(str(draw.one([0, 1, -1])) for _ in range(x.shape[1])) + ")"
    if draw.chance(0.1) and method == "hist":
        options["interaction_constraints"] = [[i] for i in range(x.shape[1])]
    if options["booster"] == "dart":
        options |= {"rate_drop": 0.5, "sample_type": draw.one(["uniform", "weighted"]), "normalize_type": draw.one(["tree", "forest"]),
                    "one_drop": draw.one([0, 1]), "skip_drop": draw.one([0.0, 0.3])}  # fmt: skip
    if options["booster"] == "gblinear":
        options = {
            name: options[name]
            for name in ("learning_rate", "booster", "nthread", "verbosity", "reg_alpha", "reg_lambda", "random_state")
        }
        options |= {"updater": draw.one(["shotgun", "coord_descent"])}
    if draw.chance(0.2):
        options["base_score"] = draw.one([0.5, 0.1, 0.75])
    return options


def _xgboost_objective(draw: Any, options: dict[str, Any], method: str) -> str:
    """Adds an objective to the options, and says what it wants as a target."""
    objective, kind = draw.one([
        ("binary:logistic", "two"), ("binary:logistic", "two"), ("binary:logitraw", "two"), ("binary:hinge", "two"), ("multi:softprob", "grade"),
        ("multi:softmax", "grade"), ("reg:squarederror", "any"), ("reg:squaredlogerror", "share"), ("reg:logistic", "share"),
        ("reg:pseudohubererror", "any"), ("reg:absoluteerror", "any"), ("reg:quantileerror", "any"), ("count:poisson", "count"),
        ("reg:gamma", "positive"), ("reg:tweedie", "count"), ("survival:cox", "positive"), ("survival:aft", "positive"), ("rank:pairwise", "grade"),
        ("rank:ndcg", "grade"), ("rank:map", "two"), ("reg:squarederror", "several"), ("reg:expectileerror", "any")])  # fmt: skip
    options["objective"] = objective
    if objective.startswith("multi"):
        options["num_class"] = 4
    if objective == "reg:quantileerror":
        options["quantile_alpha"] = draw.one([0.2, [0.1, 0.5, 0.9]])
    if kind == "several" and method == "hist" and draw.chance(0.4) and options["booster"] != "gblinear":
        options["multi_strategy"] = "multi_output_tree"
    return kind


def _xgboost_classifier(
    draw: Any, xgb: Any, options: dict[str, Any], given: Any, y: np.ndarray, score: np.ndarray, weight: Any
) -> Any:
    objective = options["objective"]
    if objective.startswith("multi") and draw.chance(0.5):
        count = draw.whole(3, 12)
        y = cut(score, count)
    if draw.chance(0.15):
        options["scale_pos_weight"] = 2.5
    kind_of = draw.one([xgb.XGBClassifier] * 4 + [xgb.XGBRFClassifier])
    if kind_of is xgb.XGBRFClassifier:
        options.pop("learning_rate", None)
        options |= {"booster": "gbtree"} if options["booster"] == "dart" else {}
    if draw.chance(0.25) and kind_of is xgb.XGBClassifier and options["booster"] != "gblinear":
        model = kind_of(**{**options, "n_estimators": 25}, early_stopping_rounds=2)
        return model.fit(given, y, eval_set=[(given[: len(y) // 2], y[: len(y) // 2])], verbose=False)
    if kind_of is xgb.XGBClassifier and draw.chance(0.1):
        return kind_of(**options).fit(given, y, base_margin=None, sample_weight=weight)
    return kind_of(**options).fit(given, y, sample_weight=weight)


def _booster(draw: Any, xgb: Any, options: dict, x: Any, y: np.ndarray, rounds: int, names: Any) -> Any:
    options = {**options, "seed": options.pop("random_state")}
    frame = x
    data = xgb.DMatrix(frame, label=y if options["objective"] != "survival:aft" else None, weight=None if options["objective"].startswith(
        "rank") else _weight(draw, len(y)), missing=draw.one([np.nan] * 4 + [0.0]))  # fmt: skip
    if options["objective"] == "survival:aft":
        data.set_float_info("label_lower_bound", y)
        data.set_float_info("label_upper_bound", np.where(draw.rng.rand(len(y)) < 0.3, np.inf, y))
        options["aft_loss_distribution"] = draw.one(["normal", "logistic", "extreme"])
    if options["objective"].startswith("rank"):
        data.set_group([10] * (len(y) // 10) + ([len(y) % 10] if len(y) % 10 else []))
    booster = xgb.train(options, data, rounds)
    if draw.chance(0.2) and rounds > 2 and options["booster"] != "gblinear":
        booster = booster[: rounds - 1]
    if draw.chance(0.2):
        booster.set_attr(note="kept", best_iteration=str(max(0, rounds - 3)))
    return booster


def _lightgbm(draw: Any, x: np.ndarray, score: np.ndarray) -> tuple[Any, Any]:
    import lightgbm as lgb

    boosting = draw.one(["gbdt"] * 4 + ["dart", "goss", "rf"])
    options = {
        "num_leaves": draw.one([2, 7, 31]), "max_depth": draw.one([-1, 1, 4]), "learning_rate": draw.log(0.05, 1.5), "random_state": draw.whole(0, 9),
        "min_child_samples": draw.whole(1, 15), "min_child_weight": draw.one([1e-3, 0.0]), "colsample_bytree": draw.one([1.0, 0.6]),
        "reg_alpha": draw.one([0.0, 0.3]), "reg_lambda": draw.one([0.0, 3.0]), "zero_as_missing": draw.chance(0.25), "use_missing": draw.chance(0.8),
        "max_bin": draw.one([255, 4, 30]), "extra_trees": draw.chance(0.2), "path_smooth": draw.one([0.0, 0.0, 1.0]), "min_data_in_bin": draw.one([3, 1]),
        "boosting_type": boosting, "boost_from_average": draw.chance(0.8), "verbose": -1, "linear_tree": draw.chance(0.03),
        "feature_pre_filter": False,
    }  # fmt: skip
    if boosting == "rf":
        options |= {"subsample": 0.6, "subsample_freq": 1}
    elif boosting != "goss" and draw.chance(0.2):
        options |= {"subsample": 0.6, "subsample_freq": 2}
    if boosting == "dart":
        options |= {"drop_rate": 0.5, "xgboost_dart_mode": draw.chance(0.3), "uniform_drop": draw.chance(0.3), "skip_drop": 0.3}
    if draw.chance(0.15):
        options["monotone_constraints"] = [draw.one([0, 1, -1]) for _ in range(x.shape[1])]
    rounds = draw.whole(1, 9)
    given, names = _named(draw, x)
    weight = _weight(draw, len(score))
    fit = {} if weight is None else {"sample_weight": weight}
    if draw.chance(0.15):
        fit["categorical_feature"] = [0]
        options.pop("monotone_constraints", None)
        options |= {"cat_smooth": 1.0, "min_data_per_group": 3, "max_cat_to_onehot": draw.one([4, 1, 30])}
        x = x.copy()
        x[:, 0] = np.abs(np.nan_to_num(x[:, 0])).round() % 40
        given = x if names is None else pd.DataFrame(x, columns=names)
    if draw.chance(0.5):
        count = draw.one([2, 2, 2, draw.whole(3, 12)])
        y = labels(draw, count)[cut(score, count)]
        if count > 2 and draw.chance(0.3):
            options["objective"] = "multiclassova"
        elif count == 2:
            options |= draw.one([{}, {}, {"is_unbalance": True}, {"scale_pos_weight": 2.0}, {"sigmoid": 0.4}, {"objective": "cross_entropy"},
                                 {"objective": "cross_entropy_lambda"}, {"class_weight": "balanced"}])  # fmt: skip
        model = lgb.LGBMClassifier(**options, n_estimators=rounds, n_jobs=1)
        if draw.chance(0.25) and boosting != "dart":
            half = len(y) // 2
            fit |= {"eval_set": [(given[:half], y[:half])], "callbacks": [lgb.early_stopping(2, verbose=False)]}
            model.set_params(n_estimators=25)
        return model.fit(given, y, **fit), names
    objective, kind = draw.one([
        ("regression", "any"), ("regression_l1", "any"), ("huber", "any"), ("fair", "any"), ("poisson", "count"), ("quantile", "any"),
        ("mape", "positive"), ("gamma", "positive"), ("tweedie", "count"), ("lambdarank", "grade"), ("rank_xendcg", "grade")])  # fmt: skip
    options["objective"] = objective
    if objective == "mape":
        options.pop("monotone_constraints", None)
    y = _target(draw, score, kind)
    if kind == "grade":
        groups = [10] * (len(y) // 10) + ([len(y) % 10] if len(y) % 10 else [])
        return lgb.LGBMRanker(**options, n_estimators=rounds, n_jobs=1).fit(given, y, group=groups), names
    if objective == "regression" and draw.chance(0.2):
        options["reg_sqrt"] = True
    if draw.chance(0.35):
        renamed = {"random_state": "seed", "min_child_samples": "min_data_in_leaf", "boosting_type": "boosting"}
        parameters = {renamed.get(name, name): value for name, value in options.items()}
        categories = {"categorical_feature": [0]} if "categorical_feature" in fit else {}
        booster = lgb.train({**parameters, "num_threads": 1}, lgb.Dataset(given, label=y, weight=weight, params={"verbose": -1,
            **{name: parameters[name] for name in ("max_bin", "min_data_in_bin", "zero_as_missing", "use_missing", "feature_pre_filter")}},
            **categories), rounds)  # fmt: skip
        if draw.chance(0.3):
            booster.best_iteration = max(1, rounds - 1)
        return booster, names
    return lgb.LGBMRegressor(**options, n_estimators=rounds, n_jobs=1).fit(given, y, **fit), names


def _catboost(draw: Any, x: np.ndarray, score: np.ndarray) -> tuple[Any, Any]:
    import catboost as cat

    options = {
        "iterations": draw.whole(1, 9), "depth": draw.whole(1, 6), "learning_rate": draw.log(0.05, 1), "thread_count": 1, "random_seed": 0,
        "verbose": False, "allow_writing_files": False, "nan_mode": draw.one(["Min", "Max"]), "border_count": draw.one([254, 3, 20]),
        "grow_policy": draw.one(["SymmetricTree", "SymmetricTree", "Depthwise", "Lossguide"]), "l2_leaf_reg": draw.one([3.0, 0.1]),
        "boosting_type": draw.one(["Plain", "Plain", "Ordered"]), "rsm": draw.one([1.0, 0.5]), "leaf_estimation_iterations": draw.one([1, 3]),
        "bootstrap_type": draw.one(["Bayesian", "Bernoulli", "No"]), "boost_from_average": None,
    }  # fmt: skip
    if options["grow_policy"] != "SymmetricTree":
        options["boosting_type"] = "Plain"
    options = {name: value for name, value in options.items() if value is not None}
    given, names = _named(draw, x)
    weight = _weight(draw, len(score))
    if draw.chance(0.5):
        count = draw.one([2, 2, draw.whole(3, 9)])
        y = labels(draw, count)[cut(score, count)]
        if count > 2:
            options["loss_function"] = draw.one(["MultiClass", "MultiClassOneVsAll"])
        else:
            options |= draw.one(
                [{}, {"loss_function": "CrossEntropy"}, {"auto_class_weights": "Balanced"}, {"scale_pos_weight": 2.0}]
            )
        return cat.CatBoostClassifier(**options).fit(given, y, sample_weight=weight), names
    loss, kind = draw.one([("RMSE", "any"), ("MAE", "any"), ("Quantile:alpha=0.2", "any"), ("Poisson", "count"), ("Huber:delta=0.5", "any"),
                           ("LogCosh", "any"), ("Expectile:alpha=0.3", "any"), ("Tweedie:variance_power=1.3", "count"), ("MultiRMSE", "several"),
                           ("MAPE", "positive"), ("Lq:q=3", "any"), ("RMSEWithUncertainty", "any"), ("LogLinQuantile", "positive")])  # fmt: skip
    return cat.CatBoostRegressor(**options, loss_function=loss).fit(
        given, _target(draw, score, kind), sample_weight=weight
    ), names
