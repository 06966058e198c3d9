"""Writes a trained model's trees, some rows and the library's own raw answers as one file that the Rust tests read.

The file is in safetensors layout (u64 header length, JSON header, raw little-endian arrays), so that it can be looked
into with common tools. It is a format of the tests and benchmarks only: Pelton reads the libraries' own files.
"""

import json
import struct

import numpy as np

NAN_RIGHT, NAN_LEFT, ZERO_RIGHT, ZERO_LEFT, NAN_AS_ZERO = range(5)
LEAF, NUMERIC, CATEGORY = range(3)


class Trees:
    """Collects nodes in the neutral form of `pelton_native::trees::Ensemble`."""

    def __init__(self):
        self.columns = {name: [] for name in ("kind", "feature", "threshold", "missing", "left", "right", "listed_left")}
        self.cat_begin, self.cats = [], []
        self.tree_begin, self.tree_output, self.leaves = [0], [], []
        self.blocks = []

    def add_arrays(self, output, kind, feature, threshold, missing, left, right, leaf_values):
        """A tree without categorical splits, as whole arrays; a leaf's `left` counts from the tree's first leaf."""
        n = len(kind)
        self.blocks.append((kind, feature, threshold, missing, left, right, np.zeros(n, "u1"), [()] * 0, n))
        self.tree_begin.append(self.tree_begin[-1] + n)
        self.tree_output.append(output)
        self.leaves.append(np.asarray(leaf_values, "f8").ravel())

    def add_nodes(self, output, nodes, leaf_values):
        """A tree of node tuples (kind, feature, threshold, missing, left, right, listed_left, categories)."""
        cols = list(zip(*nodes))
        arrays = [np.array(c) for c in cols[:7]]
        self.blocks.append((*arrays, list(cols[7]), len(nodes)))
        self.tree_begin.append(self.tree_begin[-1] + len(nodes))
        self.tree_output.append(output)
        self.leaves.append(np.asarray(leaf_values, "f8").ravel())

    def arrays(self):
        dtypes = ("u1", "i4", "f8", "u1", "i4", "i4", "u1")
        names = ("kind", "feature", "threshold", "missing", "left", "right", "listed_left")
        out = {
            n: np.concatenate([np.asarray(b[i]) for b in self.blocks]).astype(t) for i, (n, t) in enumerate(zip(names, dtypes))
        }
        begin, cats = [0], []
        for block in self.blocks:
            lists = block[7] or [()] * block[8]
            for c in lists:
                cats.extend(c)
                begin.append(len(cats))
        out["cat_begin"] = np.array(begin, "i4")
        out["cats"] = np.array(cats, "u4")
        out["tree_begin"] = np.array(self.tree_begin, "i4")
        out["tree_output"] = np.array(self.tree_output, "i4")
        out["leaves"] = np.concatenate(self.leaves)
        out["leaf_begin"] = np.cumsum([0] + [len(v) for v in self.leaves]).astype("i4")
        return out


def write(path, trees, x, expected, *, input, sum, compare="le", cast="hgb", divisor=0.0, initial=None, n_outputs=1):
    arrays = trees.arrays()
    arrays["x"] = np.ascontiguousarray(x)
    arrays["expected"] = np.ascontiguousarray(expected, dtype="f8")
    arrays["initial"] = np.asarray(np.zeros(n_outputs) if initial is None else initial, "f8")
    meta = {
        "input": input,
        "sum": sum,
        "compare": compare,
        "cast": cast,
        "divisor": repr(float(divisor)),
        "n_features": str(x.shape[1]),
        "n_outputs": str(n_outputs),
    }
    names = {"u1": "U8", "i4": "I32", "u4": "U32", "f4": "F32", "f8": "F64"}
    header, offset = {"__metadata__": meta}, 0
    order = sorted(arrays, key=lambda n: -arrays[n].dtype.itemsize)
    for name in order:
        a = arrays[name]
        header[name] = {"dtype": names[a.dtype.str[1:]], "shape": list(a.shape), "data_offsets": [offset, offset + a.nbytes]}
        offset += a.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for name in order:
            f.write(arrays[name].tobytes())


def sklearn_tree(trees, tree, output, values):
    leaf = tree.children_left < 0
    number = np.cumsum(leaf) - 1
    missing = (
        np.where(tree.missing_go_to_left.astype(bool), NAN_LEFT, NAN_RIGHT)
        if hasattr(tree, "missing_go_to_left")
        else np.full(leaf.shape, NAN_RIGHT)
    )
    trees.add_arrays(
        output,
        np.where(leaf, LEAF, NUMERIC),
        np.where(leaf, 0, tree.feature),
        np.where(leaf, 0.0, tree.threshold),
        missing,
        np.where(leaf, number, tree.children_left),
        np.where(leaf, 0, tree.children_right),
        values[leaf],
    )


def forest(path, model, x):
    """RandomForest or ExtraTrees, classifier or regressor with one output; expected is predict_proba or predict."""
    trees, classifier = Trees(), hasattr(model, "classes_")
    k = len(model.classes_) if classifier else 1
    for e in model.estimators_:
        sklearn_tree(trees, e.tree_, -1, e.tree_.value[:, 0, :])
    model.set_params(n_jobs=1)
    expected = model.predict_proba(x) if classifier else model.predict(x)
    write(path, trees, x, expected, input="f32", sum="f64", divisor=len(model.estimators_), n_outputs=k)


def gradient_boosting(path, model, x):
    """GradientBoosting*; expected is the raw score."""
    trees, k = Trees(), model.estimators_.shape[1]
    for stage in model.estimators_:
        for output, e in enumerate(stage):
            sklearn_tree(trees, e.tree_, output, model.learning_rate * e.tree_.value[:, 0, 0])
    initial = np.asarray(model._raw_predict_init(np.zeros((1, x.shape[1]), "f4"))).ravel()
    raw = model._raw_predict(x.astype("f4"))
    write(path, trees, x, raw, input="f32", sum="f64", initial=initial, n_outputs=k)


def hist_gradient_boosting(path, model, x, x_trees=None):
    """HistGradientBoosting*; `x_trees` are the columns as the trees see them (categories first) where they differ."""
    x_trees = x if x_trees is None else x_trees
    trees, k = Trees(), model.n_trees_per_iteration_
    known, index = model._bin_mapper.make_known_categories_bitsets()
    for stage in model._predictors:
        for output, p in enumerate(stage):
            nodes, leaves = [], []
            for node in p.nodes:
                side = NAN_LEFT if node["missing_go_to_left"] else NAN_RIGHT
                if node["is_leaf"]:
                    nodes.append((LEAF, 0, 0.0, 0, len(leaves), 0, 0, ()))
                    leaves.append(node["value"])
                elif node["is_categorical"]:
                    left = bits(p.raw_left_cat_bitsets[node["bitset_idx"]])
                    known_here = bits(known[index[node["feature_idx"]]])
                    listed = sorted(known_here - left) if node["missing_go_to_left"] else sorted(left)
                    nodes.append(
                        (
                            CATEGORY,
                            node["feature_idx"],
                            0.0,
                            side,
                            node["left"],
                            node["right"],
                            int(not node["missing_go_to_left"]),
                            listed,
                        )
                    )
                else:
                    nodes.append(
                        (NUMERIC, node["feature_idx"], node["num_threshold"], side, node["left"], node["right"], 0, ())
                    )
            trees.add_nodes(output, nodes, leaves)
    raw = model._raw_predict(x)
    write(
        path, trees, x_trees, raw, input="f64", sum="f64", initial=np.asarray(model._baseline_prediction).ravel(), n_outputs=k
    )


def bits(words):
    return {32 * i + b for i, w in enumerate(words) for b in range(32) if int(w) >> b & 1}


def xgboost(path, booster, x, expected=None, link="logit"):
    """A gbtree booster; expected is the margin of DMatrix(x)."""
    import xgboost as xgb

    model = json.loads(booster.save_raw("json").decode())["learner"]
    body = model["gradient_booster"]["model"]
    score = np.array(json.loads(model["learner_model_param"]["base_score"]), "f4").ravel()
    k = max(1, int(model["learner_model_param"]["num_class"]))
    trees = Trees()
    for tree, output in zip(body["trees"], body["tree_info"]):
        segments = {
            n: tree["categories"][s : s + z]
            for n, s, z in zip(tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"])
        }
        nodes, leaves = [], []
        for i, (left, right) in enumerate(zip(tree["left_children"], tree["right_children"])):
            condition = float(np.float32(tree["split_conditions"][i]))
            side = NAN_LEFT if tree["default_left"][i] else NAN_RIGHT
            if left < 0:
                nodes.append((LEAF, 0, 0.0, 0, len(leaves), 0, 0, ()))
                leaves.append(condition)
            elif tree["split_type"][i] == 1:
                nodes.append((CATEGORY, tree["split_indices"][i], 0.0, side, left, right, 0, sorted(segments[i])))
            else:
                nodes.append((NUMERIC, tree["split_indices"][i], condition, side, left, right, 0, ()))
        trees.add_nodes(output, nodes, leaves)
    initial = np.broadcast_to(-np.log(np.float32(1) / score - np.float32(1)) if link == "logit" else score, (k,))
    if expected is None:
        expected = booster.predict(xgb.DMatrix(x), output_margin=True)
    write(path, trees, x, expected, input="f32", sum="f32", compare="lt", cast="xgboost", initial=initial, n_outputs=k)


def lightgbm(path, booster, x):
    """A gbdt booster; expected is predict(raw_score=True)."""
    trees, k = Trees(), booster.num_model_per_iteration()
    for number, block in enumerate(booster.model_to_string().split("\nTree=")[1:]):
        nodes, values = lightgbm_tree(
            dict(line.split("=", 1) for line in block.split("\n\n")[0].split("\n")[1:] if "=" in line)
        )
        trees.add_nodes(number % k, nodes, values)
    write(path, trees, x, booster.predict(x, raw_score=True), input="f64", sum="f64", cast="lightgbm", n_outputs=k)


def lightgbm_tree(fields):
    """The nodes and leaf values of one tree of a model text: splits first, leaves after them."""

    def numbers(key, kind):
        return [kind(v) for v in fields.get(key, "").split()]

    n_leaves = int(fields["num_leaves"])
    boundaries, words = numbers("cat_boundaries", int), numbers("cat_threshold", int)
    columns = (
        numbers("split_feature", int),
        numbers("threshold", float),
        numbers("decision_type", int),
        [c if c >= 0 else n_leaves - 1 + ~c for c in numbers("left_child", int)],
        [c if c >= 0 else n_leaves - 1 + ~c for c in numbers("right_child", int)],
    )
    nodes = []
    for feature, threshold, decision, left, right in zip(*columns):
        default, missing = bool(decision & 2), decision >> 2 & 3
        if decision & 1:
            c = int(threshold)
            listed = sorted(bits(words[boundaries[c] : boundaries[c + 1]]))
            nodes.append((CATEGORY, feature, 0.0, NAN_RIGHT, left, right, 1, listed))
        else:
            sides = (NAN_AS_ZERO, ZERO_LEFT if default else ZERO_RIGHT, NAN_LEFT if default else NAN_RIGHT)
            nodes.append((NUMERIC, feature, threshold, sides[missing], left, right, 0, ()))
    nodes.extend((LEAF, 0, 0.0, 0, i, 0, 0, ()) for i in range(n_leaves))
    return nodes, numbers("leaf_value", float)
