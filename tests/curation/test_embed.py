"""Any ONNX image encoder from a local path: used when named, refused in words when it cannot be."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from loraprep.core.errors import UserError
from loraprep.curation.measures.embedding import ImageEncoder
from loraprep.curation.similarity import picture_likeness
from loraprep.project import project
from tests import ROOT
from tests.benchmarks.subset import synthetic
from tests.runs import run
from tests.scenes import project as small_project

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def tiny(path: Path, *, tokens: bool = False, inputs: int = 1) -> Path:
    """Mean red, green and blue of the picture's quarters: an encoder as small as they come."""
    from onnx import TensorProto, helper

    pictures = [
        helper.make_tensor_value_info(f"pixels{n}", TensorProto.FLOAT, ["batch", 3, 64, 64]) for n in range(inputs)
    ]
    nodes = [helper.make_node("AveragePool", ["pixels0"], ["pooled"], kernel_shape=[32, 32], strides=[32, 32])]
    if tokens:  # (batch, tokens, channels), as transformers without a pooled output give it
        nodes += [
            helper.make_node("Reshape", ["pooled", "shape"], ["rows"]),
            helper.make_node("Transpose", ["rows"], ["out"], perm=[0, 2, 1]),
        ]
        constants = [helper.make_tensor("shape", TensorProto.INT64, [3], [-1, 3, 4])]
        result = helper.make_tensor_value_info("out", TensorProto.FLOAT, ["batch", 4, 3])
    else:
        nodes.append(helper.make_node("Flatten", ["pooled"], ["out"]))
        constants = []
        result = helper.make_tensor_value_info("out", TensorProto.FLOAT, ["batch", 12])
    graph = helper.make_graph(nodes, "tiny", pictures, [result], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, str(path))
    return path


def test_an_encoder_sees_what_it_was_made_to_see(tmp_path: Path) -> None:
    encoder = ImageEncoder(tiny(tmp_path / "eye.onnx"))
    red, also_red, blue = (encoder.embed(Image.new("RGB", size, c)) for size, c in
                           (((80, 60), "red"), ((300, 500), (250, 5, 0)), ((64, 64), "blue")))  # fmt: skip
    assert red.shape == (12,)
    assert np.linalg.norm(red) == pytest.approx(1, abs=1e-3)
    assert red @ also_red > 0.99
    assert red @ blue < 0.5
    rows = ImageEncoder(tiny(tmp_path / "tokens.onnx", tokens=True))
    assert rows.embed(Image.new("RGB", (80, 60), "red")).shape == (3,)


def test_what_cannot_be_used_is_said(tmp_path: Path) -> None:
    def message(path: Path) -> str:
        with pytest.raises(UserError) as caught:
            ImageEncoder(path)
        assert caught.value.exit_code == 3
        return str(caught.value)

    missing = tmp_path / "eye.onnx"
    assert message(missing) == (
        f"project.yaml: there is no encoder at {missing}\n    curation.encoder names an .onnx file on this machine"
    )
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    assert message(tmp_path / "bad.onnx").startswith("project.yaml: bad.onnx cannot be used as an encoder (")
    assert message(tiny(tmp_path / "two.onnx", inputs=2)) == (
        "project.yaml: two.onnx does not take one picture\n    export the image half of the model alone"
    )


def test_likeness_by_what_is_shown() -> None:
    images = synthetic(4)
    plain = picture_likeness(images)
    same = {i.path: (1.0, 0.0) for i in images}
    assert (picture_likeness(images, same) >= plain - 1e-6).all()
    some = {images[0].path: (1.0, 0.0)}  # an encoder that saw only one picture says nothing
    assert (picture_likeness(images, some) == plain).all()


@pytest.mark.run
def test_gate1_with_an_encoder_keeps_what_it_saw(tmp_path: Path) -> None:
    root = small_project(tmp_path / "mystyle", 6)
    eye = tiny(tmp_path / "eye.onnx")
    with (root / "project.yaml").open("a", encoding="utf-8") as stream:
        stream.write(f"curation: {{encoder: '{eye}'}}\n")
    _, output = run(root, "gate1")
    assert "bug" not in output
    assert "Judged by what the encoder sees and their layout." in (root / "dataset-report.md").read_text("utf-8")
    before = (root / "build/looks.json").read_bytes()
    (root / "build/looks.json").unlink()
    _, output = run(root, "gate1")
    assert (root / "build/looks.json").read_bytes() == before
    eye.unlink()
    (root / "build/looks.json").unlink()
    code, output = run(root, "gate1")
    assert f"project.yaml: there is no encoder at {eye}" in output
    assert code == 1


def test_the_schema_knows_the_setting() -> None:
    settings = project.load(ROOT / "examples/brushwork").settings
    assert settings.curation.encoder is None
    assert settings.curation.preselect is None
    assert settings.dataset.regularization is None
