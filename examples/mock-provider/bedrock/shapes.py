"""Writes shapes.json: what of botocore's service model `bedrock-runtime` describes the two operations of the Converse
API, without words. Run with a Python that has what tests/requirements.txt names."""

import json
import pathlib

import botocore.session

KEPT = ("type", "required", "enum", "min", "max", "pattern", "union", "document", "eventstream", "exception")

model = botocore.session.get_session().get_service_model("bedrock-runtime")
shapes = {}


def add(shape):
    if shape.name in shapes:
        return
    own = model._service_description["shapes"][shape.name]
    kept = shapes[shape.name] = {name: own[name] for name in KEPT if own.get(name)}
    if shape.type_name == "structure":
        # What stands in the path is no member of the body.
        located = [name for name, member in own["members"].items() if member.get("location")]
        kept["members"] = {
            name: member["shape"] for name, member in own["members"].items() if name not in located
        }
        kept["required"] = [name for name in own.get("required", []) if name not in located]
        for name in kept["members"]:
            add(shape.members[name])
    elif shape.type_name == "list":
        kept["member"] = own["member"]["shape"]
        add(shape.member)
    elif shape.type_name == "map":
        kept["key"], kept["value"] = own["key"]["shape"], own["value"]["shape"]
        add(shape.key)
        add(shape.value)


for name in ("Converse", "ConverseStream"):
    operation = model.operation_model(name)
    add(operation.input_shape)
    add(operation.output_shape)

lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(shapes[name])}" for name in sorted(shapes))
(pathlib.Path(__file__).parent / "shapes.json").write_text(f"{{\n{lines}\n}}\n")
