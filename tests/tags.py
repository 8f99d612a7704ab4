"""A tagger small enough to be made here: a folder like SmilingWolf's, for pictures of 8 x 8."""

from pathlib import Path

import numpy as np
import pytest

SIDE = 8
# One row a tag: its name, category, count, and how strongly the mean blue, green and red (0..1) speak for it.
TAGS = [
    ("general", 9, 900, (0, 0, 0)),
    ("scenery", 0, 800, (0, 0, 9)),
    ("red_theme", 0, 70, (0, 0, 9)),
    ("watercolor_(medium)", 0, 90, (0, 0, 9)),
    ("from_above", 0, 60, (0, 0, 9)),
    ("^_^", 0, 50, (0, 0, 9)),
    ("blue_sky", 0, 500, (9, 0, 0)),
    ("hatsune_miku", 4, 100, (0, 0, 2)),
    ("water_mill", 0, 5, (0, 9, 0)),
]


def tagger(folder: Path) -> Path:
    """Writes the model, sigmoid(mean colour x weights - 5), and its list of tags; skips where onnx is missing."""
    onnx = pytest.importorskip("onnx")
    folder.mkdir()
    helper, types = onnx.helper, onnx.TensorProto
    weights = np.array([t[3] for t in TAGS], np.float32).T * 2 / 255
    bias = np.full(len(TAGS), -5, np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["input"], ["mean"], axes=[1, 2], keepdims=0),
            helper.make_node("Gemm", ["mean", "weights", "bias"], ["raw"]),
            helper.make_node("Sigmoid", ["raw"], ["output"]),
        ],
        "tagger",
        [helper.make_tensor_value_info("input", types.FLOAT, ["batch", SIDE, SIDE, 3])],
        [helper.make_tensor_value_info("output", types.FLOAT, ["batch", len(TAGS)])],
        [onnx.numpy_helper.from_array(weights, "weights"), onnx.numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, folder / "model.onnx")
    lines = [f'{n},"{name}",{category},{count}' for n, (name, category, count, _) in enumerate(TAGS)]
    (folder / "selected_tags.csv").write_text("\n".join(["tag_id,name,category,count", *lines]) + "\n", "utf-8")
    return folder
